"""Dead letters in Postgres."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, RowMapping, Text, any_, bindparam, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.background import dead_letter
from domain.audit.dead_letter import DeadLetter, DeadLetterState
from domain.audit.ports import Place

_KEY = ("handler", "stream_id", "version")
_CHANGING = ("state", "reason", "error", "tries", "updated_at")

_NEWEST = (
    select(dead_letter)
    .where(dead_letter.c.state == any_(bindparam("states", type_=ARRAY(Text))))
    .order_by(dead_letter.c.created_at.desc(), dead_letter.c.id.desc())
    .limit(bindparam("limit"))
)
_NEWEST_BEFORE = _NEWEST.where(
    tuple_(dead_letter.c.created_at, dead_letter.c.id)
    < tuple_(
        bindparam("before_time", type_=dead_letter.c.created_at.type),
        bindparam("before_id", type_=dead_letter.c.id.type),
    )
)
_LOCK = select(dead_letter).where(dead_letter.c.id == bindparam("key")).with_for_update()
_SAVE = (
    update(dead_letter)
    .where(dead_letter.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_NEXT_QUEUED = (
    select(dead_letter)
    .where(dead_letter.c.state == DeadLetterState.QUEUED)
    .order_by(dead_letter.c.created_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_INSERT = insert(dead_letter)
# The same event can die again once its stream is made anew.
_ADD = _INSERT.on_conflict_do_update(index_elements=_KEY, set_={name: _INSERT.excluded[name] for name in _CHANGING})
_OF_STREAM = (
    select(dead_letter)
    .where(dead_letter.c.handler == bindparam("handler"), dead_letter.c.stream_id == bindparam("stream"))
    .where(dead_letter.c.state != DeadLetterState.RESOLVED)
)


class SqlDeadLetters:
    """Implements `domain.audit.ports.DeadLetters`, and has what handling itself needs."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def newest(
        self, states: Collection[DeadLetterState], before: Place | None, limit: int
    ) -> Sequence[DeadLetter]:
        """Return some, the newest first."""
        values: dict[str, Any] = {"states": [state.value for state in states], "limit": limit}
        if before is not None:
            values |= {"before_time": before.created_at, "before_id": before.id}
        rows = await self._connection.execute(_NEWEST if before is None else _NEWEST_BEFORE, values)
        return [_letter(row) for row in rows.mappings()]

    async def lock(self, dead_letter_id: UUID) -> DeadLetter | None:
        """Return one, locked until the transaction's end."""
        row = (await self._connection.execute(_LOCK, {"key": dead_letter_id})).mappings().first()
        return None if row is None else _letter(row)

    async def save(self, changed: DeadLetter) -> None:
        """Write what changes."""
        values = {f"new_{name}": getattr(changed, name) for name in _CHANGING}
        await self._connection.execute(_SAVE, {"key": changed.id, **values})

    async def next_queued(self) -> DeadLetter | None:
        """Return one that is to be tried again and that nobody has locked; locked until the transaction's end."""
        row = (await self._connection.execute(_NEXT_QUEUED)).mappings().first()
        return None if row is None else _letter(row)

    async def of_stream(self, handler: str, stream_id: str) -> Sequence[DeadLetter]:
        """Return those of a handler in a stream that it does not have by now."""
        rows = await self._connection.execute(_OF_STREAM, {"handler": handler, "stream": stream_id})
        return [_letter(row) for row in rows.mappings()]

    async def add(self, letter: DeadLetter) -> None:
        """Put an event aside."""
        await self._connection.execute(_ADD, asdict(letter))


def _letter(row: RowMapping) -> DeadLetter:
    return DeadLetter(**{**row, "state": DeadLetterState(row["state"])})
