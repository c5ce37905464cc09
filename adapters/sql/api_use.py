"""The calls of deprecated versions as a table keeps them: added to by every process, read by `fluentpro versions`."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.engine import Connections
from adapters.sql.tables.api_use import api_use
from adapters.telemetry.api_use import ApiUse, Use
from domain.shared.errors import Unavailable
from domain.shared.tasks import contained

FLUSH_SECONDS = 60.0
"""Between two writes. What was counted since the last one is lost when the process is killed."""
KEPT_DAYS = 400
"""A year and what it is compared with: older days are removed."""

_log = logging.getLogger(__name__)

_INSERT = insert(api_use)
_ADD = _INSERT.on_conflict_do_update(
    index_elements=["day", "version", "method", "client"],
    set_={"calls": api_use.c.calls + _INSERT.excluded.calls},
)
_FORGET = delete(api_use).where(api_use.c.day < bindparam("oldest"))
_SINCE = (
    select(api_use.c.version, api_use.c.method, api_use.c.client, func.sum(api_use.c.calls).label("calls"))
    .where(api_use.c.day >= bindparam("first"))
    .group_by(api_use.c.version, api_use.c.method, api_use.c.client)
    .order_by(func.sum(api_use.c.calls).desc(), api_use.c.method, api_use.c.client)
)


class ApiUseTable:
    """Reads and writes the table. Every method raises Unavailable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add(self, counts: Mapping[Use, int]) -> None:
        """Add the counts to those that are there, all or none, and forget what is too old."""
        # In one order everywhere: processes that write the same rows at once do not wait for each other in a circle.
        rows = sorted(({**asdict(use), "calls": calls} for use, calls in counts.items()), key=_key)
        async with self._connections.transaction() as connection:
            await connection.execute(_ADD, rows)
            await connection.execute(_FORGET, {"oldest": rows[-1]["day"] - timedelta(days=KEPT_DAYS)})
            await connection.commit()

    async def since(self, first: date) -> list[tuple[str, str, str, int]]:
        """Return version, method, client and calls from that day on, the most used first."""
        async with self._connections.reading() as connection:
            found = await connection.execute(_SINCE, {"first": first})
            return [(row.version, row.method, row.client, int(row.calls)) for row in found]


class ApiUseWriter:
    """Writes what one process counts, once a minute and at the end."""

    def __init__(self, use: ApiUse, table: ApiUseTable, seconds: float = FLUSH_SECONDS) -> None:
        self._use = use
        self._table = table
        self._seconds = seconds
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Write from now on."""
        self._writing = asyncio.create_task(self._run(), name="api use")

    async def stop(self) -> None:
        """Write for the last time."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
            self._writing = None
        await self.flush()

    async def flush(self) -> None:
        """Write what is new; what cannot be written now is kept for the next time."""
        counts = self._use.take()
        if not counts:
            return
        try:
            await self._table.add(counts)
        except Unavailable as error:
            self._use.put_back(counts)
            _log.warning("the use of deprecated versions has to wait: %s", error)
        except BaseException:
            self._use.put_back(counts)
            raise

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            with contained(_log, "the use of deprecated versions could not be written"):
                await self.flush()


def _key(row: Mapping[str, object]) -> tuple[object, ...]:
    return row["day"], row["version"], row["method"], row["client"]
