"""The bell rings here and in other processes."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from adapters.live.doorbell import RedisDoorbell


class Listener:
    def __init__(self, url: str) -> None:
        self.bell = RedisDoorbell(url)
        self.heard: list[UUID] = []
        self.bell.listen(self.heard.append)


@pytest.fixture
async def listeners(valkey) -> AsyncIterator[list[Listener]]:
    listeners = [Listener(valkey.url), Listener(valkey.url)]
    yield listeners
    for listener in listeners:
        await listener.bell.close()


async def ring_until_heard(bell: RedisDoorbell, listener: Listener) -> None:
    generation_id = uuid4()
    async with asyncio.timeout(5):
        while generation_id not in listener.heard:
            await bell.ring(generation_id)
            await asyncio.sleep(0.002)


async def test_a_ring_is_heard_in_its_own_process_at_once(listeners: list[Listener]) -> None:
    generation_id = uuid4()
    ringing = asyncio.ensure_future(listeners[0].bell.ring(generation_id))
    await asyncio.sleep(0)
    assert listeners[0].heard == [generation_id]
    await ringing


async def test_a_ring_is_heard_in_other_processes_also_after_a_restart(valkey, listeners: list[Listener]) -> None:
    await ring_until_heard(listeners[0].bell, listeners[1])
    await valkey.restart()
    await ring_until_heard(listeners[0].bell, listeners[1])


async def test_ringing_over_a_dead_server_is_no_error(valkey, listeners: list[Listener]) -> None:
    valkey.kill()
    generation_id, started = uuid4(), time.monotonic()

    await listeners[0].bell.ring(generation_id)

    assert time.monotonic() - started < 2
    assert listeners[0].heard == [generation_id]
