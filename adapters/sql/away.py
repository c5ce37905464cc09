"""Telling a database that cannot serve now, or that undid a transaction for another's sake, from a fault of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError as PoolTimeout

from domain.shared.errors import TransactionConflict, Unavailable

POOL_SECONDS = 5.0
"""How long a caller waits for a connection: a full pool is an answer and no hang."""

_STATES = ("08", "53", "57P")
"""What SQLSTATEs begin with that say that the server cannot serve now (PostgreSQL documentation, appendix A):
connection exceptions, too few resources, and an operator or a crash that stops it or has it start."""


_CONFLICTS = ("40001", "40P01")
"""The SQLSTATEs of a serialization failure and of a deadlock (the same appendix): the transaction did nothing."""


@contextmanager
def unavailable() -> Iterator[None]:
    """Turn what SQLAlchemy, asyncpg and the system raise for a database that is away into Unavailable.

    A transaction that the database undid in favour of another is a TransactionConflict.
    """
    try:
        yield
    except Exception as error:
        if _is_conflict(error):
            raise TransactionConflict from error
        if _is_away(error):
            raise Unavailable("The database does not answer.", retry_after=1.0) from error
        raise


def _is_away(error: Exception) -> bool:
    away = OperationalError | InterfaceError | PoolTimeout | asyncpg.InterfaceError | OSError  # TimeoutError is one
    if isinstance(error, away):
        return True
    if isinstance(error, DBAPIError):
        # The asyncpg dialect makes no OperationalError of these.
        return error.connection_invalidated or _state(error.orig).startswith(_STATES)
    return isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_STATES)


def _is_conflict(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause is not None and _state(cause) in _CONFLICTS


def _state(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or ""
