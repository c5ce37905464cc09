"""The making of replies, in Postgres."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Executable, RowMapping, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.practice import generation, usage
from domain.practice.ending import Ending
from domain.practice.model import ACTIVE, Conversation, Generation, GenerationStatus
from domain.practice.ports import Checkpoint
from domain.shared.errors import ConcurrentUpdate

_THIS = generation.c.id == bindparam("key")
_UNDER_WAY = or_(*(generation.c.status == status.value for status in ACTIVE))
_RUNNING = generation.c.status == "running"
_LAPSED = generation.c.lease_until < bindparam("now")
_MODEL = func.coalesce(bindparam("new_model", type_=generation.c.model.type), generation.c.model)
_HELD = and_(_THIS, generation.c.attempt == bindparam("held_attempt"), _RUNNING)

_ADD = insert(generation)
_GET = select(generation).where(_THIS)
_BY_CLIENT_MESSAGE_ID = select(generation).where(
    generation.c.conversation_id == bindparam("conversation"),
    generation.c.client_message_id == bindparam("client_message"),
)
_CHANGED = (
    select(generation)
    .where(
        generation.c.conversation_id == bindparam("conversation"),
        generation.c.version > bindparam("seen"),
        generation.c.version <= bindparam("until"),
    )
    .order_by(generation.c.version)
)
_ALL_LAPSED = select(generation).where(_UNDER_WAY, _LAPSED).order_by(generation.c.lease_until).limit(bindparam("limit"))
_CLAIM = (
    update(generation)
    .where(
        _THIS,
        generation.c.attempt == bindparam("held_attempt"),
        or_(generation.c.status == "queued", and_(_RUNNING, _LAPSED)),
    )
    .values(
        status="running",
        attempt=generation.c.attempt + 1,
        lease_until=bindparam("until"),
        model=_MODEL,
    )
    .returning(generation)
)
_RENEW = (
    update(generation)
    .where(_HELD)
    .values(
        lease_until=bindparam("until"),
        partial_text=bindparam("text"),
        last_sequence=bindparam("sequence"),
        model=_MODEL,
    )
    .returning(generation)
)
# Many at once. A row that another transaction has locked is left out: the others must not wait for it.
_DUE = (
    func.unnest(
        bindparam("keys", type_=ARRAY(generation.c.id.type)),
        bindparam("attempts", type_=ARRAY(generation.c.attempt.type)),
        bindparam("texts", type_=ARRAY(generation.c.partial_text.type)),
        bindparam("sequences", type_=ARRAY(generation.c.last_sequence.type)),
    )
    .table_valued("id", "attempt", "text", "sequence", name="due")
    .render_derived()
)
_FOUND = (
    select(_DUE.c.id, _DUE.c.text, _DUE.c.sequence)
    .join(generation, and_(generation.c.id == _DUE.c.id, generation.c.attempt == _DUE.c.attempt, _RUNNING))
    .with_for_update(of=generation, skip_locked=True)
    .cte("found")
)
_RENEW_ALL = (
    update(generation)
    .where(generation.c.id == _FOUND.c.id)
    .values(lease_until=bindparam("until"), partial_text=_FOUND.c.text, last_sequence=_FOUND.c.sequence)
    .returning(generation.c.id, generation.c.cancel_requested_at)
)
_REQUEST_CANCEL = (
    update(generation)
    .where(_THIS, _UNDER_WAY)
    .values(cancel_requested_at=func.coalesce(generation.c.cancel_requested_at, bindparam("now")))
    .returning(generation)
)
_END = (
    update(generation)
    .where(_HELD)
    .values(
        status=bindparam("new_status"),
        partial_text=bindparam("text"),
        last_sequence=bindparam("sequence"),
        finish_reason=bindparam("new_finish_reason"),
        failure_reason=bindparam("new_failure_reason"),
        version=bindparam("new_version"),
        ended_at=bindparam("now"),
    )
    .returning(generation.c.model)
)
_ADD_USAGE = insert(usage)


class SqlGenerations:
    """Implements `domain.practice.ports.Generations`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Generation) -> None:
        """Store a new one. Raises ConcurrentUpdate."""
        try:
            await self._connection.execute(_ADD, asdict(new))
        except IntegrityError as error:
            raise ConcurrentUpdate("The conversation") from error

    async def get(self, generation_id: UUID) -> Generation | None:
        """Return it, whosever it is."""
        return await self._one(_GET, {"key": generation_id})

    async def by_client_message_id(self, conversation_id: UUID, client_message_id: str) -> Generation | None:
        """Return the reply that was asked for anew under the client's id."""
        values = {"conversation": conversation_id, "client_message": client_message_id}
        return await self._one(_BY_CLIENT_MESSAGE_ID, values)

    async def changed(self, conversation_id: UUID, versions: tuple[int, int]) -> Sequence[Generation]:
        """Return those that began or ended after one version and up to another."""
        values = {"conversation": conversation_id, "seen": versions[0], "until": versions[1]}
        rows = await self._connection.execute(_CHANGED, values)
        return [_generation(row) for row in rows.mappings()]

    async def lapsed(self, now: datetime, limit: int) -> Sequence[Generation]:
        """Return those under way whose lease is over."""
        rows = await self._connection.execute(_ALL_LAPSED, {"now": now, "limit": limit})
        return [_generation(row) for row in rows.mappings()]

    async def claim(self, free: Generation, now: datetime, until: datetime, model: str | None) -> Generation | None:
        """Take the lease for the next attempt."""
        values = {"key": free.id, "held_attempt": free.attempt, "now": now, "until": until, "new_model": model}
        return await self._one(_CLAIM, values)

    async def renew(self, held: Generation, until: datetime, checkpoint: Checkpoint) -> Generation | None:
        """Hold the lease and keep the checkpoint."""
        place = {"text": checkpoint.text, "sequence": checkpoint.sequence, "new_model": checkpoint.model}
        return await self._one(_RENEW, {"key": held.id, "held_attempt": held.attempt, "until": until, **place})

    async def renew_all(
        self, held: Sequence[tuple[Generation, Checkpoint]], until: datetime
    ) -> Mapping[UUID, datetime | None]:
        """Do what `renew` does for many, but for rows that somebody has locked."""
        values = {
            "keys": [each.id for each, _ in held],
            "attempts": [each.attempt for each, _ in held],
            "texts": [checkpoint.text for _, checkpoint in held],
            "sequences": [checkpoint.sequence for _, checkpoint in held],
            "until": until,
        }
        rows = await self._connection.execute(_RENEW_ALL, values)
        return {row.id: row.cancel_requested_at for row in rows}

    async def request_cancel(self, generation_id: UUID, now: datetime) -> Generation | None:
        """Note the learner's wish; the first one counts."""
        return await self._one(_REQUEST_CANCEL, {"key": generation_id, "now": now})

    async def end(self, held: Generation, ending: Ending, last_sequence: int, after: Conversation) -> bool:
        """End the attempt, if it is the one that runs."""
        values = {
            "key": held.id,
            "held_attempt": held.attempt,
            "new_status": ending.status,
            "text": ending.text,
            "sequence": last_sequence,
            "new_finish_reason": ending.finish_reason,
            "new_failure_reason": ending.failure,
            "new_version": after.version,
            "now": after.updated_at,
        }
        ended = (await self._connection.execute(_END, values)).first()
        if ended is None:
            return False
        await self._add_usage(held, ending, ended.model, after.updated_at)
        return True

    async def _add_usage(self, held: Generation, ending: Ending, model: str | None, now: datetime) -> None:
        if ending.usage is not None:
            place = {"generation_id": held.id, "attempt": held.attempt, "model": model, "created_at": now}
            await self._connection.execute(_ADD_USAGE, {**asdict(ending.usage), **place})

    async def _one(self, statement: Executable, values: dict[str, Any]) -> Generation | None:
        row = (await self._connection.execute(statement, values)).mappings().first()
        return None if row is None else _generation(row)


def _generation(row: RowMapping) -> Generation:
    return Generation(**{**row, "status": GenerationStatus(row["status"])})
