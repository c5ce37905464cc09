"""Clients that hold their connections open take nothing from those who come after them."""

import asyncio
from contextlib import AsyncExitStack

OPEN = 300
_PROBE = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(_PROBE)
    return await reader.readline()


async def test_one_more_client_is_answered_beside_hundreds_that_stay(host) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(OPEN):
            reader, writer = await asyncio.open_connection(host.http_listen.host, host.http_listen.port)
            stack.callback(writer.close)
            async with asyncio.timeout(10):
                assert b"200" in await _ask(reader, writer)
