"""What the tasks of a worker process use: made after the fork, on the process's one event loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.choices import master_keys
from adapters.security.master_keys import MasterKeys
from adapters.settings import Settings
from adapters.sql.engine import Connections, create_engine
from adapters.sql.unit_of_work import SqlReads
from domain.shared.clock import Clock, system_clock

POOL_SIZE = 4
"""Connections of one process: the task's transaction, the lease, progress, and one to spare."""


@dataclass(frozen=True, slots=True)
class JobServices:
    """What every task may use, beside the units of work of its context."""

    settings: Settings
    connections: Connections
    reads: SqlReads
    master: MasterKeys
    clock: Clock


@asynccontextmanager
async def open_job_services(settings: Settings, database_url: str) -> AsyncIterator[JobServices]:
    """Put everything together, and take it down at the block's end. Raises MasterKeysUnusable."""
    connections = Connections(create_engine(database_url, POOL_SIZE))
    try:
        yield JobServices(settings, connections, SqlReads(connections), master_keys(settings), system_clock)
    finally:
        await connections.close()
