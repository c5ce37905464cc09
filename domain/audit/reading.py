"""Reading the record: the events that administrators ask for, the newest first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from domain.audit.model import StoredEvent
from domain.shared.checks import Checks, Refused
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.pages import Page, PageRequest
from domain.shared.text import line

_LONGEST_NAME = 200  # characters; the longest of ours has about 60

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_POSITION = re.compile(r"[0-9]{1,18}")  # all of them fit into Postgres' bigint

parse_stream_id = line(1, _LONGEST_NAME)
"""Returns the id of a stream, which need not exist. Raises Refused."""

_parse_name = line(1, _LONGEST_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are asked for, as a caller wrote it; empty and None are all.

    `user_id` is whom an event is about. `since` is the first moment, `until` the one after the last, both with a zone.
    """

    stream_id: str = ""
    type: str = ""
    actor: str = ""
    user_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """The same, once it is known to make sense; None is all."""

    stream_id: str | None = None
    type: str | None = None
    actor: str | None = None
    user_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class RecordedEvents(Protocol):
    """Finds events."""

    async def newest(self, query: EventQuery, below: int | None, limit: int) -> Sequence[StoredEvent]:
        """Return some, the highest position first, below a position when one is given. Raises Unavailable."""


class ListEvents:
    """Lists events, the newest first."""

    def __init__(self, events: RecordedEvents) -> None:
        self._events = events

    async def __call__(self, wanted: EventFilter, page: PageRequest) -> Page[StoredEvent]:
        """Return a page. Personal values are sealed in it: see `sealed_fields`. Raises InvalidRequest, Unavailable."""
        query = parse_filter(wanted)
        found = await self._events.newest(query, _parse_position(page.after), page.size + 1)
        items = tuple(found[: page.size])
        return Page(items, str(items[-1].position) if len(found) > page.size else None)


def parse_filter(wanted: EventFilter) -> EventQuery:
    """Return the filter, checked. Raises InvalidRequest."""
    with Checks() as check:
        query = EventQuery(
            stream_id=check("stream_id", parse_stream_id, wanted.stream_id) if wanted.stream_id else None,
            type=check("type", _parse_name, wanted.type) if wanted.type else None,
            actor=check("actor", _parse_name, wanted.actor) if wanted.actor else None,
            user_id=check("user_id", _parse_user_id, wanted.user_id) if wanted.user_id else None,
            since=check("since", _parse_moment, wanted.since),
            until=check("until", _parse_moment, wanted.until),
        )
        if query.since and query.until and query.until <= query.since:
            check.refuse("until", "OUT_OF_RANGE", "until must be after since.")
    return query


def sealed_fields(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the fields in an event's data whose values are sealed."""
    return tuple(name for name, value in data.items() if isinstance(value, Mapping) and value.keys() == {"enc"})


def _parse_user_id(text: str) -> UUID:
    if _UUID.fullmatch(text) is None:
        raise Refused("INVALID_FORMAT", "A user's id is a UUID.")
    return UUID(text)


def _parse_moment(moment: datetime | None) -> datetime | None:
    try:
        return moment and moment.astimezone(UTC)
    except OverflowError:  # the first or the last day there is, in another zone
        raise Refused("OUT_OF_RANGE", "No event can be of that time.") from None


def _parse_position(text: str | None) -> int | None:
    if text is None:
        return None
    if _POSITION.fullmatch(text) is None:
        message = "page_token is not one that this list gave."
        raise InvalidRequest((Violation("page_token", "INVALID_FORMAT", message),))
    return int(text)
