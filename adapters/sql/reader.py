"""Single reads, straight over asyncpg.

Statements are SQLAlchemy's, compiled once each; only their execution goes around it. Most of what a read by id costs is
the machinery of a connection and a result that one statement does not need (docs/decisions/0003-single-reads.md).
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import asyncpg
import orjson
from sqlalchemy import URL, Executable
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from adapters.sql.away import POOL_SECONDS, unavailable
from adapters.sql.idle_connections import IdleConnections

_DIALECT: Any = asyncpg_dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's own


class Rows:
    """The rows of one read, with as much of SQLAlchemy's Result as the repositories use on it."""

    def __init__(self, records: list[Any]) -> None:
        self._records = records

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._records)

    def mappings(self) -> Self:
        """Return itself: its rows are mappings from column to value."""
        return self

    def first(self) -> Mapping[str, Any] | None:
        """Return the first row, None when there is none."""
        return self._records[0] if self._records else None

    one_or_none = first
    """The same: who asks for it asks by a unique key."""

    def all(self) -> list[Mapping[str, Any]]:
        """Return all rows."""
        return self._records


class Reader:
    """Runs statements that read, each on its own. Stands where a repository wants a connection."""

    def __init__(self, url: URL, pool_size: int) -> None:
        self._options: dict[str, Any] = _DIALECT.create_connect_args(url)[1]
        self._connections = IdleConnections(self._connect, pool_size)

    async def execute(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Rows:
        """Run a statement; `values` are those of its `bindparam`s. Raises Unavailable."""
        query = _query(statement)
        given = values or {}
        arguments = [given.get(name, query.defaults.get(name)) for name in query.names]
        with unavailable():
            connection = await self._connections.take(POOL_SECONDS)
            return Rows(await self._fetch(connection, query.text, arguments))

    async def close(self) -> None:
        """Close every connection."""
        await self._connections.close()

    async def _connect(self) -> Any:
        settings = {"application_name": "fluentpro"}
        connection = await asyncpg.connect(**self._options, timeout=POOL_SECONDS, server_settings=settings)
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads)
        return connection

    async def _fetch(self, connection: Any, text: str, arguments: list[Any]) -> list[Any]:
        try:
            records: list[Any] = await connection.fetch(text, *arguments)
        except asyncio.CancelledError:
            # asyncpg has the server cancel the statement; until it has, the connection is nobody's.
            self._connections.discard(connection)
            raise
        except asyncpg.DataError as error:
            self._connections.give(connection)
            # Its message repeats the value, which may be somebody's words.
            raise ValueError(f"a value does not fit: SQLSTATE {error.sqlstate}, {text}") from None
        except BaseException:
            self._connections.give(connection)
            raise
        self._connections.give(connection)
        return records


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


@dataclass(frozen=True, slots=True)
class _Query:
    text: str
    names: tuple[str, ...]
    """Of the arguments, in the order of `$1`, `$2`, …"""
    defaults: Mapping[str, Any]
    """The values that stand in the statement itself."""


@cache  # statements are built once each, at module level
def _query(statement: Any) -> _Query:
    compiled = statement.compile(dialect=_DIALECT)
    values = {name: bind.effective_value for bind, name in compiled.bind_names.items() if not bind.required}
    return _Query(str(compiled), tuple(compiled.positiontup or ()), values)
