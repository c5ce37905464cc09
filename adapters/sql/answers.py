"""Answers to requests with a key, kept in the transaction of what they changed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self, cast

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.security.master_keys import MasterKeys
from adapters.security.sealing import open_bytes, seal_bytes, unwrap
from adapters.sql.engine import Connections
from adapters.sql.personal_fields import Sealer
from adapters.sql.tables.answers import answer
from adapters.sql.tables.events import user_key
from domain.shared.clock import Clock
from domain.shared.once import AlreadyAnswered, IdempotencyKeyReused, Once, RequestInProgress

KEPT = timedelta(hours=24)
"""How long a repeated request gets the first answer: longer than any client goes on trying."""

_FIND = (
    select(answer.c.digest, answer.c.sealed, user_key.c.wrapped, user_key.c.master_key_id)
    .join(user_key, user_key.c.user_id == answer.c.user_id)
    .where(
        answer.c.user_id == bindparam("user_id"),
        answer.c.method == bindparam("method"),
        answer.c.key == bindparam("key"),
        answer.c.created_at > bindparam("since"),
    )
)
# Two numbers of 32 bits: locks with one of 64 say where appending transactions are (see settled.py).
_LOCK = select(func.pg_try_advisory_xact_lock(bindparam("upper"), bindparam("lower")))
# One that is older than KEPT may still be there.
_KEEP = (new := insert(answer)).on_conflict_do_update(
    index_elements=["user_id", "method", "key"],
    set_={name: new.excluded[name] for name in ("digest", "sealed", "created_at")},
)


class Answers:
    """Finds the answers that were kept, and keeps those to requests that changed nothing."""

    def __init__(self, connections: Connections, master: MasterKeys, clock: Clock) -> None:
        self._connections = connections
        self._master = master
        self._clock = clock

    async def find(self, once: Once) -> bytes | None:
        """Return the answer to the same request; None when there is none. Raises IdempotencyKeyReused."""
        reader = cast("AsyncConnection", self._connections.reader)  # it has as much of one as this needs
        return await _find(reader, self._master, once, self._clock())

    async def keep(self, once: Once, result: object) -> None:
        """Keep the answer to a request that changed nothing. Raises AlreadyAnswered, RequestInProgress."""
        async with self._connections.transaction() as connection:
            claim = await Claim.take(connection, self._master, once, self._clock())
            await claim.keep(Sealer(connection, self._master), result)
            await connection.commit()
        once.is_kept = True


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one transaction to carry out a request; it ends with the transaction."""

    connection: AsyncConnection
    once: Once
    now: datetime

    @classmethod
    async def take(cls, connection: AsyncConnection, master: MasterKeys, once: Once, now: datetime) -> Self:
        """Claim the request. Raises RequestInProgress, AlreadyAnswered, IdempotencyKeyReused."""
        if not (await connection.execute(_LOCK, _lock_numbers(once))).scalar_one():
            raise RequestInProgress(once.key)
        # In a later statement: whoever held the lock before has committed by now.
        found = await _find(connection, master, once, now)
        if found is not None:
            raise AlreadyAnswered(found)
        return cls(connection, once, now)

    async def keep(self, sealer: Sealer, result: object) -> None:
        """Keep the answer, unless the person has just been erased."""
        once = self.once
        secret = await sealer.key_of(once.user_id)
        if secret is None:
            return
        values = {
            "user_id": once.user_id,
            "method": once.method,
            "key": once.key,
            "digest": once.digest,
            "sealed": seal_bytes(secret, once.encode(result), _place(once)),
            "created_at": self.now,
        }
        await self.connection.execute(_KEEP, values)


async def _find(connection: AsyncConnection, master: MasterKeys, once: Once, now: datetime) -> bytes | None:
    values = {"user_id": once.user_id, "method": once.method, "key": once.key, "since": now - KEPT}
    row = (await connection.execute(_FIND, values)).mappings().first()
    if row is None:
        return None
    if row["digest"] != once.digest:
        raise IdempotencyKeyReused(once.key)
    secret = unwrap(master, row["master_key_id"], once.user_id, row["wrapped"])
    return open_bytes(secret, row["sealed"], _place(once))


def _place(once: Once) -> bytes:
    return once.key.bytes + once.method.encode()


def _lock_numbers(once: Once) -> dict[str, int]:
    name = once.user_id.bytes + once.key.bytes + once.method.encode()
    digest = hashlib.blake2b(name, digest_size=8).digest()
    return {
        "upper": int.from_bytes(digest[:4], "big", signed=True),
        "lower": int.from_bytes(digest[4:], "big", signed=True),
    }
