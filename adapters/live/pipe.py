"""The one connection over which a process writes its logs."""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeAlias

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from adapters.live.connection import ANSWER_WITHIN, connection_pool

Command: TypeAlias = tuple[str | bytes | int, ...]


class Pipe:
    """Sends many commands in one go.

    A client's pool would silently replace a connection that broke while idle. Here every break is seen, because the
    server may come back with less than it had acknowledged. All methods raise one of FAULTS, and then only `connect`
    helps.
    """

    def __init__(self, url: str) -> None:
        self._pool = connection_pool(url, 1)
        self._connection: AbstractConnection | None = None

    async def connect(self) -> None:
        """Connect, anew if need be, to a server that has loaded its data."""
        await self.close()
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # theirs
        self._connection = connection
        async with asyncio.timeout(ANSWER_WITHIN):
            await connection.send_command("PING")
            await connection.read_response()

    async def send(self, commands: Iterable[Command]) -> list[Any]:
        """Return the answers in order; an answer that is an error is returned, not raised."""
        connection = self._connection
        if connection is None or not connection.is_connected:
            raise ConnectionResetError("The connection is closed.")
        sent = list(commands)
        async with asyncio.timeout(ANSWER_WITHIN):
            await connection.send_packed_command(connection.pack_commands(sent))
            return [await self._answer(connection) for _ in sent]

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)
            self._connection = None

    async def _answer(self, connection: AbstractConnection) -> Any:
        try:
            return await connection.read_response()
        except ResponseError as refusal:
            return refusal
