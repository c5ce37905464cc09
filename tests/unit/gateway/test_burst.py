"""Pieces that are there together go out together, and no faster than the client takes them."""

import asyncio

import pytest

from gateway.burst import BurstWriter


class Wire:
    """Takes writes; while `is_full` it does not let them end."""

    def __init__(self):
        self.written = []
        self.free = asyncio.Event()
        self.free.set()
        self.failure = None

    async def write(self, data):
        self.written.append(data)
        await self.free.wait()
        if self.failure is not None:
            raise self.failure


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # the writer tells nobody when
            await asyncio.sleep(0)


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def writer(wire):
    return BurstWriter(wire.write)


async def test_pieces_of_one_turn_of_the_loop_are_one_write(wire, writer):
    for piece in (b"a", b"b", b"c"):
        writer.add(piece)
    assert wire.written == []
    await until(lambda: wire.written == [b"abc"])


async def test_a_piece_that_comes_alone_is_written_before_the_next_is_there(wire, writer):
    for piece in (b"a", b"b"):
        writer.add(piece)
        if writer.must_drain:
            await writer.drain()
        await until(lambda: not writer.is_busy)
    assert wire.written == [b"a", b"b"]


async def test_a_full_burst_is_written_at_once(wire, writer):
    writer.add(b"x" * 2000)
    assert not writer.must_drain
    writer.add(b"y" * 2000)
    assert writer.must_drain
    await writer.drain()
    assert wire.written == [b"x" * 2000 + b"y" * 2000]


async def test_a_piece_waits_for_the_write_before_it(wire, writer):
    wire.free.clear()
    writer.add(b"a")
    await until(lambda: wire.written == [b"a"])
    writer.add(b"b")
    assert writer.must_drain
    waiting = asyncio.create_task(writer.drain())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    wire.free.set()
    await waiting
    await until(lambda: wire.written == [b"a", b"b"])


async def test_flushing_returns_when_all_is_written_in_order(wire, writer):
    wire.free.clear()
    writer.add(b"a")
    await until(lambda: wire.written == [b"a"])
    wire.free.set()
    writer.add(b"b")
    await writer.flush()
    assert wire.written == [b"a", b"b"]
    await writer.flush()
    assert wire.written == [b"a", b"b"]


async def test_what_a_write_raises_reaches_who_drains(wire, writer):
    wire.failure = OSError("gone")
    writer.add(b"a")
    await until(lambda: not writer.is_busy)
    writer.add(b"b")
    with pytest.raises(OSError, match="gone"):
        await writer.drain()


async def test_abandoned_it_has_nothing_under_way(wire, writer):
    wire.free.clear()
    before = len(asyncio.all_tasks())
    writer.add(b"a")
    await until(lambda: wire.written == [b"a"])
    await writer.abandon()
    assert (writer.is_busy, len(asyncio.all_tasks())) == (False, before)


async def test_abandoned_it_forgets_what_was_not_begun(wire, writer):
    writer.add(b"a")
    await writer.abandon()
    for _ in range(5):
        await asyncio.sleep(0)
    assert wire.written == []
