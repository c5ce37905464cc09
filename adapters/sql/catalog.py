"""The catalogue in Postgres, and the roles that learners make."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, Table, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.engine import Connections
from adapters.sql.reader import Reader
from adapters.sql.tables.catalog import communication_partner, industry, language, role, situation
from domain.catalog.model import CommunicationPartner, Industry, Language, Role, RoleLevel, Situation

_T = TypeVar("_T")

SNAPSHOT_SECONDS = 30.0
"""A change of the catalogue is seen everywhere within this time; it changes a few times a year."""


def _fields(table: Table, entity: type) -> Select[Any]:
    return select(*(table.c[field.name] for field in fields(entity)))


def _in_order(table: Table, entity: type) -> Select[Any]:
    return _fields(table, entity).order_by(table.c.position, table.c.id)


_LANGUAGES = _in_order(language, Language)
_INDUSTRIES = _in_order(industry, Industry)
_PARTNERS = _in_order(communication_partner, CommunicationPartner)
_SITUATIONS = _in_order(situation, Situation)
_ROLES = _in_order(role, Role).where(role.c.owner_id.is_(None))
_OWN_ROLES = _fields(role, Role).where(role.c.owner_id == bindparam("owner_id"))
_OWN_ROLES_IN_ORDER = _OWN_ROLES.order_by(role.c.title, role.c.id)
_OWN_ROLE = _OWN_ROLES.where(role.c.id == bindparam("id"))
_ADD_ROLE = insert(role)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    languages: tuple[Language, ...]
    industries: tuple[Industry, ...]
    roles: tuple[Role, ...]
    partners: tuple[CommunicationPartner, ...]
    situations: tuple[Situation, ...]


class SqlCatalog:
    """Implements `domain.catalog.ports.Catalog`.

    Every view of an onboarding needs most of the catalogue, which is small and hardly ever changes. So each process
    keeps it, and reads it again when its copy is SNAPSHOT_SECONDS old: a change is seen within that time. What
    learners make is read afresh each time.
    """

    def __init__(self, connections: Connections, monotonic: Callable[[], float] = time.monotonic) -> None:
        # Not the connections of transactions: who asks may hold one, and would wait for another that nobody gives back.
        self._reader = connections.reader
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._snapshot: _Snapshot | None = None
        self._stale_at = 0.0

    async def languages(self) -> tuple[Language, ...]:
        """Return all languages."""
        return (await self._current()).languages

    async def industries(self) -> tuple[Industry, ...]:
        """Return all industries."""
        return (await self._current()).industries

    async def partners(self) -> tuple[CommunicationPartner, ...]:
        """Return all communication partners."""
        return (await self._current()).partners

    async def situations(self) -> tuple[Situation, ...]:
        """Return all situations."""
        return (await self._current()).situations

    async def roles(self, industry_id: str | None, owner_id: UUID | None) -> tuple[Role, ...]:
        """Return the catalogue's roles, then the owner's own ones by title."""
        roles = (await self._current()).roles
        if owner_id is not None:
            roles += await _read(self._reader, _OWN_ROLES_IN_ORDER, _role, owner_id=owner_id)
        return tuple(found for found in roles if industry_id in {None, found.industry_id})

    async def role(self, role_id: str, owner_id: UUID | None) -> Role | None:
        """Return one role of the catalogue or of the owner."""
        for found in (await self._current()).roles:
            if found.id == role_id:
                return found
        if owner_id is None or not _is_uuid(role_id):
            return None
        own = await _read(self._reader, _OWN_ROLE, _role, owner_id=owner_id, id=role_id)
        return next(iter(own), None)

    async def _current(self) -> _Snapshot:
        if self._snapshot is not None and self._monotonic() < self._stale_at:
            return self._snapshot
        async with self._reading:  # one of those who find it stale reads it, the others wait for that one
            if self._snapshot is None or self._monotonic() >= self._stale_at:
                stale_at = self._monotonic() + SNAPSHOT_SECONDS
                self._snapshot = await self._read_all()
                self._stale_at = stale_at
            return self._snapshot

    async def _read_all(self) -> _Snapshot:
        return _Snapshot(
            languages=await _read(self._reader, _LANGUAGES, lambda row: Language(**row)),
            industries=await _read(self._reader, _INDUSTRIES, lambda row: Industry(**row)),
            roles=await _read(self._reader, _ROLES, _role),
            partners=await _read(self._reader, _PARTNERS, lambda row: CommunicationPartner(**row)),
            situations=await _read(self._reader, _SITUATIONS, lambda row: Situation(**row)),
        )


class SqlCustomRoles:
    """Implements `domain.onboarding.ports.CustomRoles`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, added: Role) -> None:
        """Add a role of a learner's own."""
        await self._connection.execute(_ADD_ROLE, {**asdict(added), "position": 0})


async def _read(
    reader: Reader, statement: Select[Any], build: Callable[[Mapping[str, Any]], _T], **values: object
) -> tuple[_T, ...]:
    rows = (await reader.execute(statement, values)).mappings()
    return tuple(build(row) for row in rows)


def _is_uuid(text: str) -> bool:
    # A learner's own role has a UUID. Other text is not even asked for: Postgres refuses some of it, such as NUL.
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _role(row: Mapping[str, Any]) -> Role:
    return Role(**{**row, "aliases": tuple(row["aliases"]), "level": RoleLevel(row["level"])})
