"""What the ports do around the calls: the end of the server, and clients that are not there any more."""

import asyncio

import pytest
from integration.websocket.raw import CLOSE, PING, PONG, RawSocket, frame, text
from integration.websocket.talk import ANY_PORT, served, upstream_of
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.app import Gateway
from server.chain import Chain, DeadlineCaps
from server.dispatcher import Dispatcher
from server.http_app import HttpApp
from server.http_port import HttpPort
from server.ports import PortTaken
from server.websocket_connection import Patience
from server.websocket_port import WebSocketPort

CHAT = "/v1/rooms/kitchen/chat"
PORTS = pytest.mark.parametrize("port_class", [HttpPort, WebSocketPort])


async def _closed(socket) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(10):
            while True:
                await socket.recv()
    return socket.close_code, socket.close_reason


@PORTS
@pytest.mark.parametrize("first", [None, '{"authorization": ""}'])
async def test_a_server_that_stops_says_that_it_goes_away(talk, talk_image, port_class, first):
    async with upstream_of(talk, [], over_grpc=True) as upstream:
        port = port_class(HttpApp({}, Gateway(talk_image, upstream)), is_shared=False)
        listen = await port.start(ANY_PORT)
        async with connect(f"ws://{listen}{CHAT}") as socket:
            if first is not None:
                await socket.send(first)
                await socket.send("{}")
                await socket.recv()
            stopping = asyncio.create_task(port.stop(0.1))
            assert await _closed(socket) == (1001, "SERVER_STOPPING")
            await stopping


@PORTS
async def test_a_call_that_the_server_ends_says_so_before_the_port_closes(talk, talk_image, port_class):
    chain = Chain([], DeadlineCaps(unary=60, stream=60))
    dispatcher = Dispatcher(chain)
    talk.register(dispatcher)
    port = port_class(HttpApp({}, Gateway(talk_image, dispatcher)), is_shared=False)
    listen = await port.start(ANY_PORT)
    async with connect(f"ws://{listen}{CHAT}") as socket:
        await socket.send('{"authorization": ""}')
        await socket.send("{}")
        await socket.recv()
        chain.end_streams()
        stopping = asyncio.create_task(port.stop(5))
        assert await _closed(socket) == (4014, "UNAVAILABLE")
        await stopping


async def test_a_client_that_answers_no_ping_is_cut_off(talk, talk_image, until):
    async with upstream_of(talk, [], over_grpc=False) as upstream:
        port = WebSocketPort(Gateway(talk_image, upstream), is_shared=False, patience=Patience(silent=0.05))
        listen = await port.start(ANY_PORT)
        mute = await RawSocket.open(str(listen), CHAT)
        await mute.send(text({"authorization": ""}))
        alive = await RawSocket.open(str(listen), CHAT)
        await alive.send(text({"authorization": ""}))
        await until(lambda: talk.calls == 2)
        for _ in range(4):
            assert await alive.frame() == (PING, b"")
            await alive.send(frame(PONG, b""))
        assert talk.calls == 1
        assert await mute.closing() == 0
        alive.writer.close()
        await port.stop(1)


async def test_pings_spare_a_client_whose_message_still_waits(talk, talk_image, until):
    go = asyncio.Event()

    async def take(lines, _context):
        await go.wait()
        async for line in lines:
            yield line

    talk.chat = take
    async with upstream_of(talk, [], over_grpc=False) as upstream:
        port = WebSocketPort(Gateway(talk_image, upstream), is_shared=False, patience=Patience(silent=0.05))
        listen = await port.start(ANY_PORT)
        slow = await RawSocket.open(str(listen), CHAT)
        await slow.send(text({"authorization": ""}), *[text({"text": "a"})] * 5)
        other = await RawSocket.open(str(listen), CHAT)
        for _ in range(5):
            await other.frame()
            await other.send(frame(PONG, b""))
        assert talk.calls == 1
        go.set()
        heard = [await slow.frame() for _ in range(5)]
        assert [opcode for opcode, _ in heard if opcode != PING] == [1] * 5
        for socket in (slow, other):
            socket.writer.close()
        await port.stop(1)


async def test_a_client_that_never_finishes_to_close_is_cut_off():
    port = WebSocketPort(_failing, is_shared=False, patience=Patience(closing=0.05))
    socket = await RawSocket.open(str(await port.start(ANY_PORT)), "/x")
    assert [opcode for opcode, _ in [await socket.frame(), await socket.frame()]] == [CLOSE, 0]
    socket.writer.close()
    await port.stop(1)


async def test_a_client_that_asks_for_nothing_is_cut_off():
    port = WebSocketPort(_failing, is_shared=False, patience=Patience(opening=0.05))
    listen = await port.start(ANY_PORT)
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(b"GET / HTTP/1.1\r\n")
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    await port.stop(1)


async def _failing(_scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    raise ValueError("password=hunter2")


async def _refusing(_scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})


async def _silent(_scope, receive, _send):
    await receive()


async def test_an_application_that_fails_closes_with_an_internal_error(caplog):
    async with served(_failing, port_class=WebSocketPort) as address, connect(f"ws://{address}/x") as socket:
        assert await _closed(socket) == (1011, "")
    assert "an application failed over /x" in caplog.text


@pytest.mark.parametrize(("app", "status"), [(_refusing, 403), (_silent, 500)])
async def test_an_application_that_does_not_accept_answers_the_request(app, status):
    async with served(app, port_class=WebSocketPort) as address:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/x")
        assert refused.value.response.status_code == status


async def test_a_plain_request_to_the_websocket_port_is_told_to_upgrade():
    async with served(_silent, port_class=WebSocketPort) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 426 ")
        writer.close()


async def test_a_port_that_somebody_has_is_refused():
    first = WebSocketPort(_silent, is_shared=False)
    listen = await first.start(ANY_PORT)
    with pytest.raises(PortTaken):
        await WebSocketPort(_silent, is_shared=False).start(listen)
    await first.stop(0)


async def test_processes_of_ours_may_share_the_port():
    first, second = WebSocketPort(_refusing, is_shared=True), WebSocketPort(_refusing, is_shared=True)
    listen = await first.start(ANY_PORT)
    assert await second.start(listen) == listen
    await first.stop(0)
    with pytest.raises(InvalidStatus):
        await connect(f"ws://{listen}/x")
    await second.stop(0)
