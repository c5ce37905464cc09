"""Leading: one process of all does a certain work, and another takes over when it dies, stops or is cut off.

Who leads holds an advisory lock on a connection of its own, so Postgres itself frees it when that connection ends. A
process that was stopped, or whose network swallows everything, keeps its connection: but it does not beat any more, and
a contender has Postgres end the connection.
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import Any

import asyncpg
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from domain.shared.errors import Unavailable

BEAT_SECONDS = 1.0
"""Between two beats of who leads."""
BEAT_WITHIN = 4.0
"""Seconds for a beat: who cannot say that they lead stops before others may take them for dead."""
DEAD_AFTER = 5.0
"""Seconds without a beat after which a contender ends the leader's connection."""

# "FP" in ASCII: our locks among others'. Two numbers make another kind of lock than the one number of settled.py.
_KIND = 0x4650
# TimeoutError is an OSError. A client error is what a process may get that was stopped while its connection was ended.
_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

# Taking the lock and the first beat are one statement: nobody who leads is without a beat.
_TAKE = """
    WITH tried AS MATERIALIZED (SELECT pg_try_advisory_lock($1, $2) AS taken)
    INSERT INTO leadership (name, pid, beat_at) SELECT $3, pg_backend_pid(), clock_timestamp() FROM tried WHERE taken
    ON CONFLICT (name) DO UPDATE SET pid = excluded.pid, beat_at = excluded.beat_at
    RETURNING pid
"""
_BEAT = "UPDATE leadership SET beat_at = clock_timestamp() WHERE name = $1 AND pid = pg_backend_pid()"
_DEPOSE = f"""
    SELECT pg_terminate_backend(held.pid)
    FROM pg_locks AS held JOIN leadership ON leadership.name = $3 AND leadership.pid = held.pid
    WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
      AND held.classid = $1 AND held.objid = $2
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND leadership.beat_at < clock_timestamp() - interval '{DEAD_AFTER} seconds'
"""  # noqa: S608 - of constants


class LeadershipLost(Exception):
    """Somebody else leads by now, or nobody can tell."""


class Term:
    """A time of leading: from the lock to the end of its connection."""

    def __init__(self, connection: Any, name: str) -> None:
        self._connection = connection
        self._name = name
        self._using = asyncio.Lock()
        self.lost = asyncio.Event()
        """Set when the connection ends, however it does."""
        connection.add_termination_listener(lambda _connection: self.lost.set())

    async def beat(self) -> None:
        """Say that we lead, which an answer proves: the lock lives as long as the connection. Raises LeadershipLost."""
        try:
            async with asyncio.timeout(BEAT_WITHIN), self._using:
                await self._connection.execute(_BEAT, self._name)
        except _FAULTS as fault:
            raise LeadershipLost(f"{type(fault).__name__}: {fault}") from fault

    async def listen(self, channel: str, on_notice: Callable[[], None]) -> None:
        """Call `on_notice` at each NOTIFY on the channel, for as long as the term lasts. Raises LeadershipLost."""
        try:
            async with asyncio.timeout(BEAT_WITHIN), self._using:
                await self._connection.add_listener(channel, lambda *_notice: on_notice())
        except _FAULTS as fault:
            raise LeadershipLost(f"{type(fault).__name__}: {fault}") from fault

    async def end(self) -> None:
        """Lead no more."""
        await _close(self._connection)


class Candidate:
    """One process' standing for one leadership, over a connection that it keeps between tries."""

    def __init__(self, url: URL, name: str) -> None:
        dialect: Any = asyncpg_dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own
        self._options: dict[str, Any] = dialect.create_connect_args(url)[1]
        self._connection: Any = None
        self._key = (_KIND, zlib.crc32(name.encode()) & 0x7FFFFFFF)
        self.name = name

    async def stand(self) -> Term | None:
        """Return the term when nobody else leads, None when somebody does. Raises Unavailable.

        A leader who has not beaten for DEAD_AFTER seconds loses its connection: the next try may succeed.
        """
        try:
            async with asyncio.timeout(BEAT_WITHIN):
                return await self._try()
        except _FAULTS as fault:
            await self.withdraw()
            raise Unavailable("The database does not answer.", retry_after=1.0) from fault
        except BaseException:
            await self.withdraw()  # with a lock that it may just have got
            raise

    async def withdraw(self) -> None:
        """Close the connection that is kept."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await _close(connection)

    async def _try(self) -> Term | None:
        if self._connection is None or self._connection.is_closed():
            settings = {"application_name": f"fluentpro {self.name}"}
            self._connection = await asyncpg.connect(**self._options, server_settings=settings)
        if await self._connection.fetchval(_TAKE, *self._key, self.name) is not None:
            connection, self._connection = self._connection, None
            return Term(connection, self.name)
        await self._connection.execute(_DEPOSE, *self._key, self.name)
        return None


async def _close(connection: Any) -> None:
    """Say goodbye where that is heard within a second; Postgres frees the lock at once."""
    try:
        await connection.close(timeout=1)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it must go
        connection.terminate()
