"""Sessions and the hashes of their refresh tokens in Postgres."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.engine import Connections
from adapters.sql.tables import identity as tables
from domain.identity.model import SESSION_IDLE_LIFETIME, PresentedToken, Session

_COLUMNS = tables.session.c.keys()
_ADD = insert(tables.session)
_ADD_TOKEN = insert(tables.refresh_token)
_GET = select(tables.session).where(tables.session.c.id == bindparam("session_id"))
_IS_OPEN = and_(
    tables.session.c.revoked_at.is_(None),
    tables.session.c.last_seen_at > bindparam("idle_since"),
    tables.session.c.absolute_expiry > bindparam("now"),
)
_OPEN = (
    select(tables.session)
    .where(tables.session.c.user_id == bindparam("owner"), _IS_OPEN)
    .order_by(tables.session.c.last_seen_at.desc(), tables.session.c.id.desc())
    .limit(bindparam("most"))
)
_OPEN_AMONG = select(tables.session.c.id).where(
    tables.session.c.id == func.any(bindparam("ids", type_=ARRAY(tables.session.c.id.type))), _IS_OPEN
)
_GET_FOR_UPDATE = _GET.where(tables.session.c.user_id == bindparam("owner")).with_for_update(key_share=True)
# In one order, so that two who end sessions of the same user cannot wait for each other.
_UNREVOKED_FOR_UPDATE = (
    select(tables.session)
    .where(tables.session.c.user_id == bindparam("owner"), tables.session.c.revoked_at.is_(None))
    .order_by(tables.session.c.id)
    .with_for_update(key_share=True)
)
_FIND_FOR_UPDATE = (
    select(tables.session, tables.refresh_token.c.generation.label("presented"))
    .join(tables.refresh_token, tables.refresh_token.c.session_id == tables.session.c.id)
    .where(tables.refresh_token.c.hash == bindparam("token_hash"))
    .with_for_update(of=tables.session, key_share=True)
)
_ROTATE = (
    update(tables.session)
    .where(tables.session.c.id == bindparam("session_id"))
    .values({name: bindparam(f"new_{name}") for name in ("last_seen_at", "rotated_at", "generation")})
)
_REVOKE = (
    update(tables.session)
    .where(tables.session.c.id == bindparam("session_id"))
    .values(revoked_at=bindparam("new_revoked_at"))
)
_USED = (
    func.unnest(
        bindparam("ids", type_=ARRAY(tables.session.c.id.type)),
        bindparam("moments", type_=ARRAY(tables.session.c.last_seen_at.type)),
    )
    .table_valued(tables.session.c.id, tables.session.c.last_seen_at, name="used")
    .render_derived()
)
# Who holds a session just now is refreshing it, which tells of its use too, or ending it. Nobody waits for anybody.
_BEHIND = (
    select(tables.session.c.id, _USED.c.last_seen_at.label("moment"))
    .join(_USED, _USED.c.id == tables.session.c.id)
    .where(tables.session.c.last_seen_at < _USED.c.last_seen_at)
    .with_for_update(of=tables.session, key_share=True, skip_locked=True)
    .cte("behind")
)
_SAVE_USES = update(tables.session).where(tables.session.c.id == _BEHIND.c.id).values(last_seen_at=_BEHIND.c.moment)


class SqlSessionUses:
    """Writes when sessions were last used."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def save(self, used: Mapping[UUID, datetime]) -> None:
        """Write the moments that are later than what is there. Raises Unavailable."""
        async with self._connections.reading() as connection:  # one statement, which stands alone
            await connection.execute(_SAVE_USES, {"ids": list(used), "moments": list(used.values())})


class SqlSessions:
    """Keeps sessions. See domain.identity.ports.Sessions."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, session: Session, token_hash: bytes) -> None:
        """Add a new session with its first refresh token."""
        await self._connection.execute(_ADD, {name: getattr(session, name) for name in _COLUMNS})
        await self._add_token(session, token_hash)

    async def get(self, session_id: UUID) -> Session | None:
        """Give a session."""
        row = (await self._connection.execute(_GET, {"session_id": session_id})).mappings().first()
        return None if row is None else Session(**row)

    async def open_of(self, user_id: UUID, now: datetime, most: int) -> Sequence[Session]:
        """Give the user's open sessions, the one last used first."""
        values = {"owner": user_id, "now": now, "idle_since": now - SESSION_IDLE_LIFETIME, "most": most}
        return [Session(**row) for row in (await self._connection.execute(_OPEN, values)).mappings()]

    async def open_among(self, session_ids: Collection[UUID], now: datetime) -> Collection[UUID]:
        """Give those of the sessions that are open."""
        values = {"ids": list(session_ids), "now": now, "idle_since": now - SESSION_IDLE_LIFETIME}
        return [row["id"] for row in (await self._connection.execute(_OPEN_AMONG, values)).mappings()]

    async def get_for_update(self, session_id: UUID, user_id: UUID) -> Session | None:
        """Give a session of the user and lock it until the transaction's end."""
        values = {"session_id": session_id, "owner": user_id}
        row = (await self._connection.execute(_GET_FOR_UPDATE, values)).mappings().first()
        return None if row is None else Session(**row)

    async def unrevoked_for_update(self, user_id: UUID) -> Sequence[Session]:
        """Give the user's sessions that were not revoked, and lock them until the transaction's end."""
        rows = await self._connection.execute(_UNREVOKED_FOR_UPDATE, {"owner": user_id})
        return [Session(**row) for row in rows.mappings()]

    async def find_for_update(self, token_hash: bytes) -> PresentedToken | None:
        """Give the session of a refresh token and lock it until the transaction's end."""
        row = (await self._connection.execute(_FIND_FOR_UPDATE, {"token_hash": token_hash})).mappings().first()
        if row is None:
            return None
        return PresentedToken(Session(**{name: row[name] for name in _COLUMNS}), row["presented"])

    async def rotate(self, session: Session, token_hash: bytes) -> None:
        """Write a rotated session and its newest refresh token."""
        values = {
            "session_id": session.id,
            "new_last_seen_at": session.last_seen_at,
            "new_rotated_at": session.rotated_at,
            "new_generation": session.generation,
        }
        await self._connection.execute(_ROTATE, values)
        await self._add_token(session, token_hash)

    async def revoke(self, session: Session) -> None:
        """Write a revoked session."""
        await self._connection.execute(_REVOKE, {"session_id": session.id, "new_revoked_at": session.revoked_at})

    async def _add_token(self, session: Session, token_hash: bytes) -> None:
        values = {
            "hash": token_hash,
            "session_id": session.id,
            "generation": session.generation,
            "created_at": session.rotated_at,
        }
        await self._connection.execute(_ADD_TOKEN, values)
