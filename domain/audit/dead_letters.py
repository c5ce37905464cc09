"""What administrators do about events that a handler could not handle: see them, have them tried again, or not."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.audit.dead_letter import OPEN, DeadLetter, DeadLetterState
from domain.audit.errors import DeadLetterClosed, DeadLetterNotFound
from domain.audit.events import DeadLetterDiscarded, DeadLetterRetried
from domain.audit.ports import DeadLetterReads, DeadLetterWork, Place
from domain.shared.clock import Clock
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.pages import Page, PageRequest

# How we write a UUID; Python's parser also takes braces, `urn:uuid:` and missing hyphens.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class ListDeadLetters:
    """Lists dead letters, the newest first."""

    reads: DeadLetterReads

    async def __call__(self, page: PageRequest, states: Collection[DeadLetterState] = OPEN) -> Page[DeadLetter]:
        """Return one page of those in `states`; without any, of all. Raises InvalidRequest."""
        before = _parse_place(page.after)
        async with self.reads() as reads:
            found = await reads.dead_letters.newest(states or tuple(DeadLetterState), before, page.size + 1)
        items = tuple(found[: page.size])
        return Page(items, _place_text(items[-1]) if len(found) > page.size else None)


@dataclass(frozen=True, slots=True)
class RetryDeadLetter:
    """Has the handler try the event again, as soon as background work gets to it."""

    uow: Callable[[], DeadLetterWork]
    clock: Clock

    async def __call__(self, dead_letter_id: str) -> DeadLetter:
        """Return the dead letter, which is queued by now. Raises DeadLetterNotFound, DeadLetterClosed."""
        async with self.uow() as work:
            letter = await _open_letter(work, dead_letter_id)
            if letter.state is DeadLetterState.QUEUED:
                return letter
            queued = replace(letter, state=DeadLetterState.QUEUED, updated_at=self.clock())
            await work.dead_letters.save(queued)
            work.record(DeadLetterRetried(dead_letter_id=letter.id, handler=letter.handler, event_id=letter.event_id))
            await work.commit()
        return queued


@dataclass(frozen=True, slots=True)
class DiscardDeadLetter:
    """Decides that the handler need not have the event."""

    uow: Callable[[], DeadLetterWork]
    clock: Clock

    async def __call__(self, dead_letter_id: str) -> DeadLetter:
        """Return the dead letter, which is discarded by now. Raises DeadLetterNotFound, DeadLetterClosed."""
        async with self.uow() as work:
            letter = await _open_letter(work, dead_letter_id)
            discarded = replace(letter, state=DeadLetterState.DISCARDED, updated_at=self.clock())
            await work.dead_letters.save(discarded)
            work.record(DeadLetterDiscarded(dead_letter_id=letter.id, handler=letter.handler, event_id=letter.event_id))
            await work.commit()
        return discarded


async def _open_letter(work: DeadLetterWork, dead_letter_id: str) -> DeadLetter:
    if _UUID.fullmatch(dead_letter_id) is None:
        raise DeadLetterNotFound(dead_letter_id)
    letter = await work.dead_letters.lock(UUID(dead_letter_id))
    if letter is None:
        raise DeadLetterNotFound(dead_letter_id)
    if letter.state not in OPEN:
        raise DeadLetterClosed(letter.id, letter.state)
    return letter


def _place_text(letter: DeadLetter) -> str:
    return f"{letter.created_at.isoformat()} {letter.id}"


def _parse_place(text: str | None) -> Place | None:
    if text is None:
        return None
    moment, _, dead_letter_id = text.rpartition(" ")
    try:
        place = Place(datetime.fromisoformat(moment), UUID(dead_letter_id))
    except ValueError:
        raise _nowhere() from None
    if place.created_at.utcoffset() != timedelta(0):
        raise _nowhere()
    return place


def _nowhere() -> InvalidRequest:
    return InvalidRequest((Violation("page_token", "INVALID_FORMAT", "page_token is not one that this list gave."),))
