"""Erasing a person: the account with all that belongs to it, and the key of what they said in events.

Events stay, with what is personal in them unreadable from then on, so that their chains still verify.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from domain.identity.errors import TokenInvalid
from domain.identity.events import UserDeleted
from domain.identity.ports import IdentityWork, LiveSessions, ReplyBell
from domain.shared.clock import Clock
from domain.shared.errors import EtagMismatch


@dataclass(frozen=True, slots=True)
class EraseUser:
    """Erase the caller. Their tokens stop working, replies under way end, and the address is free again."""

    uow: Callable[[], IdentityWork]
    live: LiveSessions
    bell: ReplyBell
    clock: Clock

    async def __call__(self, user_id: UUID, etag: str = "") -> None:
        """Erase them if `etag` is the account's present one; empty fits each.

        Raises EtagMismatch, and TokenInvalid when they are erased already: the caller's session went with the account.
        """
        async with self.uow() as work:
            user = await work.users.get_for_update(user_id)
            if user is None:
                raise TokenInvalid
            if etag and etag != user.etag:
                raise EtagMismatch(user.etag)
            erased = await work.erasures.erase(user_id, self.clock())
            work.record(UserDeleted(user_id=user_id))
            await work.commit()
        await self.live.ended(user_id, erased.sessions)
        for reply_id in erased.replies:
            await self.bell.ring(reply_id)


@dataclass(frozen=True, slots=True)
class EraseAgain:
    """Erase somebody who was erased before and came back with a restored backup."""

    uow: Callable[[], IdentityWork]
    clock: Clock

    async def __call__(self, user_id: UUID) -> bool:
        """Return whether they were back; nothing is written when not."""
        async with self.uow() as work:
            await work.users.get_for_update(user_id)
            if not await work.erasures.is_back(user_id):
                return False
            await work.erasures.erase(user_id, self.clock())
            work.record(UserDeleted(user_id=user_id))
            await work.commit()
        return True
