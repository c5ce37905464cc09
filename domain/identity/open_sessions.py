"""The sessions that a user has open: seeing them, ending one from any device, and knowing of those that ended."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from domain.identity.errors import SessionNotFound
from domain.identity.events import Revocation, SessionRevoked
from domain.identity.model import Session
from domain.identity.ports import IdentityReads, IdentityWork, LiveSessions
from domain.shared.clock import Clock
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.pages import Page, PageRequest

MOST_LISTED = 1000
"""Sessions of one user that a list goes through: far beyond anybody's devices. Those used longest ago are left out."""

# How we write a UUID; Python's parser also takes braces, `urn:uuid:` and missing hyphens.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_Place: TypeAlias = tuple[datetime, UUID]
"""Where a session stands in the list: when it was last used, and its id."""


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Lists the user's open sessions, the one last used first."""

    reads: IdentityReads
    live: LiveSessions
    clock: Clock

    async def __call__(self, user_id: UUID, page: PageRequest) -> Page[Session]:
        """Return one page. Raises InvalidRequest for a page that begins nowhere."""
        after = _parse_place(page.after)
        async with self.reads() as repositories:
            found = await repositories.sessions.open_of(user_id, self.clock(), MOST_LISTED)
        seen = await self.live.seen(user_id)
        # The database learns of a use up to a minute late, so the order is made here.
        sessions = (session.seen(seen.get(session.id, session.last_seen_at)) for session in found)
        return _page(sorted(sessions, key=_place, reverse=True), after, page.size)


@dataclass(frozen=True, slots=True)
class RevokeSession:
    """Ends a session of the user: its refresh token is void, and every process refuses its access token."""

    uow: Callable[[], IdentityWork]
    live: LiveSessions
    clock: Clock

    async def __call__(self, user_id: UUID, session_id: str) -> None:
        """End it. Raises SessionNotFound: for what is no id, not there, not theirs, or has ended, all alike."""
        if _UUID.fullmatch(session_id) is None:
            raise SessionNotFound(session_id)
        async with self.uow() as work:
            session = await work.sessions.get_for_update(UUID(session_id), user_id)
            now = self.clock()
            if session is None or not session.is_open(now):
                raise SessionNotFound(session_id)
            await work.sessions.revoke(session.revoked(now))
            work.record(SessionRevoked(session_id=session.id, user_id=user_id, cause=Revocation.ENDED_BY_USER))
            await work.commit()
        await self.live.ended(user_id, [session.id])


@dataclass(frozen=True, slots=True)
class FindEndedSessions:
    """Finds those of some sessions that have ended: for processes that keep something open in them."""

    reads: IdentityReads
    clock: Clock

    async def __call__(self, session_ids: Collection[UUID]) -> Collection[UUID]:
        """Return those that are not open. Raises Unavailable."""
        async with self.reads() as repositories:
            are_open = await repositories.sessions.open_among(session_ids, self.clock())
        return set(session_ids).difference(are_open)


def _place(session: Session) -> _Place:
    return session.last_seen_at, session.id


def _page(sessions: Sequence[Session], after: _Place | None, size: int) -> Page[Session]:
    rest = [session for session in sessions if after is None or _place(session) < after]
    items = tuple(rest[:size])
    return Page(items, _place_text(items[-1]) if len(rest) > size else None)


def _place_text(session: Session) -> str:
    return f"{session.last_seen_at.isoformat()} {session.id}"


def _parse_place(text: str | None) -> _Place | None:
    if text is None:
        return None
    try:
        moment, _, session_id = text.rpartition(" ")
        place = datetime.fromisoformat(moment), UUID(session_id)
    except ValueError:
        raise _nowhere() from None
    if place[0].utcoffset() != timedelta(0):
        raise _nowhere()
    return place


def _nowhere() -> InvalidRequest:
    return InvalidRequest((Violation("page_token", "INVALID_FORMAT", "page_token is not one that this list gave."),))
