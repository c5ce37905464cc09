"""Jobs' ids and the places where pages of them begin, as text and back."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from domain.jobs.errors import JobNotFound
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.jobs import Job, JobPlace

# How we write a UUID; Python's parser also takes braces, `urn:uuid:` and missing hyphens.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def parse_job_id(text: str) -> UUID:
    """Return the id. Raises JobNotFound."""
    if _UUID.fullmatch(text) is None:
        raise JobNotFound(text)
    return UUID(text)


def place_text(job: Job) -> str:
    """Return a job's place, as `parse_place` reads it."""
    return f"{job.created_at.isoformat()} {job.id}"


def parse_place(text: str | None) -> JobPlace | None:
    """Return the place; None stays None. Raises InvalidRequest."""
    if text is None:
        return None
    moment, _, job_id = text.rpartition(" ")
    try:
        place = JobPlace(datetime.fromisoformat(moment), UUID(job_id))
    except ValueError:
        raise _nowhere() from None
    if place.created_at.utcoffset() != timedelta(0):
        raise _nowhere()
    return place


def _nowhere() -> InvalidRequest:
    return InvalidRequest((Violation("page_token", "INVALID_FORMAT", "page_token is not one that this list gave."),))
