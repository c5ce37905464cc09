"""Handing a user everything that is kept about them."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from domain.identity.errors import UserNotFound
from domain.identity.ports import IdentityReads


@dataclass(frozen=True, slots=True)
class ExportedRows:
    """Some rows of one section, such as `conversations`; its pieces come one after the other."""

    section: str
    rows: Sequence[Mapping[str, Any]]


class PersonalData(Protocol):
    """Everything that is kept about a person."""

    def of(self, user_id: UUID) -> AsyncIterator[ExportedRows]:
        """Give it piece by piece: every section at least once, be it empty. What holds a secret is left out."""


@dataclass(frozen=True, slots=True)
class ExportAccount:
    """Give a user everything that is kept about them.

    It is read piece by piece, as fast as the caller takes it, and no piece waits in memory for another. What changes
    meanwhile may be in it or not; when its end is reached without an error, nothing of it was erased meanwhile.
    """

    reads: IdentityReads
    data: PersonalData

    async def __call__(self, user_id: UUID) -> AsyncGenerator[ExportedRows, None]:
        """Give the pieces. Raises UserNotFound, also at its end when the account was erased on the way."""
        await self._require(user_id)
        async for piece in self.data.of(user_id):
            yield piece
        await self._require(user_id)

    async def _require(self, user_id: UUID) -> None:
        async with self.reads() as repositories:
            if await repositories.users.get(user_id) is None:
                raise UserNotFound(user_id)
