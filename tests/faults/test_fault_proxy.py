"""The proxy: each of its faults, seen from both sides."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.rig.proxy import Proxy, proxied
from tests.faults.rig.waiting import until


class Echo:
    """A server that says back what it hears, and counts whom it heard."""

    def __init__(self) -> None:
        self.heard = b""
        self.clients = 0
        self.left = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        try:
            while said := await reader.read(65536):
                self.heard += said
                writer.write(said)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.left += 1
            writer.close()


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with proxied(server.sockets[0].getsockname()[:2]) as proxy:
        yield proxy
    server.close()


@asynccontextmanager
async def client(proxy: Proxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def echoed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes = b"hello") -> bytes:
    writer.write(said)
    async with asyncio.timeout(5):
        return await reader.readexactly(len(said))


async def hears_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    try:
        async with asyncio.timeout(0.2):
            writer.write(b"anybody?")
            await reader.read(1)
    except TimeoutError:
        return True
    return False


async def test_it_passes_everything_on_in_both_directions(proxy: Proxy):
    async with client(proxy) as there:
        assert await echoed(*there) == b"hello"
        much = bytes(range(256)) * 4096
        assert await echoed(*there, much) == much
    await until(lambda: proxy.open == 0, "the connection is gone")


async def test_it_reaches_a_unix_socket(echo: Echo, unix_path: Path):
    server = await asyncio.start_unix_server(echo.serve, str(unix_path))
    async with proxied(unix_path) as proxy, client(proxy) as there:
        assert await echoed(*there) == b"hello"
    server.close()


async def test_the_end_of_what_a_client_says_is_passed_on(proxy: Proxy, echo: Echo):
    async with client(proxy) as (reader, writer):
        assert await echoed(reader, writer) == b"hello"
        writer.write_eof()
        assert await reader.read() == b""
    assert echo.left == 1


async def test_delay_makes_each_way_longer_and_can_be_taken_away(proxy: Proxy):
    async with client(proxy) as there:
        await proxy.delay(0.05)
        began = time.monotonic()
        assert await echoed(*there) == b"hello"
        assert time.monotonic() - began >= 0.1
        await proxy.restore()
        began = time.monotonic()
        assert await echoed(*there) == b"hello"
        assert time.monotonic() - began < 0.1


async def test_refuse_lets_nobody_in_and_leaves_who_is_there(proxy: Proxy):
    async with client(proxy) as there:
        assert await echoed(*there) == b"hello"
        await proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await echoed(*there) == b"hello"
    await proxy.restore()
    async with client(proxy) as there:
        assert await echoed(*there) == b"hello"


async def test_reset_cuts_who_is_there_with_a_reset_and_lets_new_ones_in(proxy: Proxy, echo: Echo):
    async with client(proxy) as (reader, writer):
        assert await echoed(reader, writer) == b"hello"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read()
    await until(lambda: echo.left == 1, "the engine learns of it")
    async with client(proxy) as there:
        assert await echoed(*there) == b"hello"


async def test_swallow_accepts_and_loses_what_anybody_sends(proxy: Proxy, echo: Echo):
    async with client(proxy) as before:
        assert await echoed(*before) == b"hello"
        await proxy.swallow()
        assert await hears_nothing(*before)
        async with client(proxy) as during:
            assert await hears_nothing(*during)
    assert echo.heard == b"hello"
    assert (echo.clients, echo.left) == (1, 0), "nobody learns that anybody closed"


async def test_after_swallowing_those_that_lost_bytes_are_reset_and_others_go_on(proxy: Proxy):
    async with client(proxy) as quiet, client(proxy) as talking:
        assert await echoed(*quiet) == b"hello"
        assert await echoed(*talking) == b"hello"
        await proxy.swallow()
        assert await hears_nothing(*talking)
        async with client(proxy) as during:
            assert await hears_nothing(*during)
            await proxy.restore()
            with pytest.raises(ConnectionResetError):
                await during[0].read()
        with pytest.raises(ConnectionResetError):
            await talking[0].read()
        assert await echoed(*quiet) == b"hello"


async def test_what_is_said_arrives_when_answers_are_lost(proxy: Proxy, echo: Echo):
    async with client(proxy) as there:
        await proxy.lose_answers()
        assert await hears_nothing(*there)
        assert (echo.heard, proxy.lossy) == (b"anybody?", 1)
        await proxy.restore()
        with pytest.raises(ConnectionResetError):
            await there[0].read()


async def test_close_slowly_tells_the_other_side_later(proxy: Proxy, echo: Echo):
    await proxy.close_slowly(0.2)
    async with client(proxy) as there:
        assert await echoed(*there) == b"hello"
    began = time.monotonic()
    await until(lambda: echo.left == 1, "the engine learns of it")
    assert time.monotonic() - began > 0.15


async def test_an_engine_that_is_away_ends_the_connection(unix_path: Path):
    async with proxied(unix_path) as proxy, client(proxy) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_there_is_an_end_to_the_connections_it_takes(proxy: Proxy, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.faults.rig.proxy._MOST_LINKS", 1)
    async with client(proxy) as first:
        assert await echoed(*first) == b"hello"
        async with client(proxy) as (reader, _):
            with pytest.raises(ConnectionResetError):
                await reader.read()
        assert await echoed(*first) == b"hello"
    assert proxy.accepted == 2


async def test_closing_leaves_nothing_open(proxy: Proxy):
    async with client(proxy) as there:
        assert await echoed(*there) == b"hello"
        await proxy.swallow()
        async with client(proxy):
            await until(lambda: proxy.open == 2, "both are there")
            await proxy.close()
            assert proxy.open == 0
