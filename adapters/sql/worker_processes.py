"""The processes that run jobs, as rows: each says every few seconds that its loop turns and that it reaches us."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.engine import Connections
from adapters.sql.tables.background import worker_process as table

_NOW = func.clock_timestamp()
_NEW = insert(table).values(started_at=_NOW, beat_at=_NOW)
_BEAT = _NEW.on_conflict_do_update(
    index_elements=["node", "pid"], set_={"beat_at": _NOW, "job_id": _NEW.excluded.job_id}
)
_OF_NODE = select(table.c.pid, func.extract("epoch", _NOW - table.c.beat_at)).where(table.c.node == bindparam("node"))
_REMOVE = delete(table).where(table.c.node == bindparam("of_node"), table.c.pid.in_(bindparam("pids", expanding=True)))


class WorkerProcesses:
    """Reads and writes the rows. Every method raises Unavailable."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def beat(self, node: str, pid: int, job_id: UUID | None) -> None:
        """Say that the process lives, and which job it runs."""
        async with self._connections.reading() as connection:
            await connection.execute(_BEAT, {"node": node, "pid": pid, "job_id": job_id})

    async def of_node(self, node: str) -> dict[int, float]:
        """Return the processes of a node, with the seconds since they last said that they live."""
        async with self._connections.reading() as connection:
            rows = await connection.execute(_OF_NODE, {"node": node})
            return {pid: float(age) for pid, age in rows}

    async def remove(self, node: str, pids: Collection[int]) -> None:
        """Forget processes that have ended."""
        async with self._connections.reading() as connection:
            await connection.execute(_REMOVE, {"of_node": node, "pids": list(pids)})
