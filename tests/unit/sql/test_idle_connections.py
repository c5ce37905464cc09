"""The connections of the reader, over a stand-in that counts."""

import asyncio

import pytest

from adapters.sql.idle_connections import IdleConnections


class Connection:
    def __init__(self) -> None:
        self.closed = False
        self.terminated = False

    def is_closed(self) -> bool:
        return self.closed

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - asyncpg's own signature
        self.closed = True

    def terminate(self) -> None:
        self.terminated = True


class Server:
    def __init__(self) -> None:
        self.opened: list[Connection] = []
        self.refuses = False

    async def connect(self) -> Connection:
        await asyncio.sleep(0)
        if self.refuses:
            raise ConnectionRefusedError
        self.opened.append(Connection())
        return self.opened[-1]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def connections(server: Server) -> IdleConnections:
    return IdleConnections(server.connect, 2)


async def test_the_one_given_back_last_goes_first_and_no_more_are_opened(server, connections) -> None:
    first, second = await connections.take(1), await connections.take(1)
    connections.give(first)
    connections.give(second)
    assert await connections.take(1) is second
    assert len(server.opened) == 2


async def test_who_waits_gets_what_is_given_back_in_the_order_of_asking(connections) -> None:
    held = [await connections.take(1), await connections.take(1)]
    waiting = [asyncio.create_task(connections.take(1)) for _ in range(2)]
    await asyncio.sleep(0)
    for connection in held:
        connections.give(connection)
    assert await asyncio.gather(*waiting) == held


async def test_nobody_waits_for_ever(connections) -> None:
    await connections.take(1), await connections.take(1)
    with pytest.raises(TimeoutError):
        await connections.take(0.01)


async def test_a_closed_connection_makes_room_for_a_new_one(server, connections) -> None:
    first, second = await connections.take(1), await connections.take(1)
    connections.give(second)
    second.closed = True
    waiting = asyncio.create_task(connections.take(1))
    assert await waiting is server.opened[2]
    first.closed = True
    waiting = asyncio.create_task(connections.take(1))
    await asyncio.sleep(0)
    connections.give(first)
    assert await waiting is server.opened[3]


async def test_a_discarded_connection_is_closed_and_makes_room(server, connections) -> None:
    first, _ = await connections.take(1), await connections.take(1)
    waiting = asyncio.create_task(connections.take(1))
    await asyncio.sleep(0)
    connections.discard(first)
    assert await waiting is server.opened[2]
    await connections.close()
    assert first.closed


async def test_a_server_that_refuses_leaves_the_room_as_it_was(server, connections) -> None:
    server.refuses = True
    for _ in range(5):
        with pytest.raises(ConnectionRefusedError):
            await connections.take(1)
    server.refuses = False
    await asyncio.gather(connections.take(1), connections.take(1))


async def test_who_leaves_while_being_served_loses_no_connection(server, connections) -> None:
    first, _ = await connections.take(1), await connections.take(1)
    waiting = asyncio.create_task(connections.take(1))
    await asyncio.sleep(0)
    connections.give(first)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await connections.take(1) is first


async def test_closing_closes_what_is_idle(server, connections) -> None:
    connections.give(await connections.take(1))
    await connections.close()
    assert all(connection.closed for connection in server.opened)


async def test_who_leaves_as_room_is_made_leaves_the_room_to_the_next(server, connections) -> None:
    first, _ = await connections.take(1), await connections.take(1)
    waiting = [asyncio.create_task(connections.take(1)) for _ in range(2)]
    await asyncio.sleep(0)
    connections.discard(first)
    waiting[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    assert await waiting[1] is server.opened[2]
