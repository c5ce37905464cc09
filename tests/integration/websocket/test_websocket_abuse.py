"""What broken and hostile clients do: nobody's call fails for it, nothing is left behind, and nothing is logged."""

import asyncio
import logging

import pytest
from integration.websocket.raw import BINARY, CLOSE, PING, PONG, TEXT, RawSocket, frame, text

CHAT = "/v1/rooms/kitchen/chat"
HELLO = text({"authorization": ""})
MESSAGE = text({"text": "a"})

ABUSE = [
    pytest.param([frame(TEXT, b'{"text": "\xff\xfe"}')], {1002, 1007}, id="invalid UTF-8"),
    pytest.param([frame(TEXT, b'{"text"', is_last=False), frame(TEXT, b"{}")], {1002}, id="a frame within another"),
    pytest.param([frame(0, b"{}")], {1002}, id="a continuation of nothing"),
    pytest.param([frame(3, b"{}")], {1002}, id="an opcode that means nothing"),
    pytest.param([frame(TEXT, b"{}", is_masked=False)], {1002}, id="no mask"),
    pytest.param([b"\xf1\x80\x00\x00\x00\x00"], {1002}, id="reserved bits"),
    pytest.param([b"\x81\xff" + (1 << 40).to_bytes(8) + bytes(4)], {1002, 1009}, id="a terabyte"),
    pytest.param([frame(PING, b"x" * 126)], {1002}, id="a ping that is too long"),
    pytest.param([frame(CLOSE, b"\x01")], {0, 1002}, id="half a close code"),
    pytest.param([frame(CLOSE, (999).to_bytes(2))], {0, 999, 1002}, id="a close code that is none"),
    pytest.param([b"GET / HTTP/1.1\r\n\r\n"], {1002}, id="HTTP on a WebSocket"),
]


@pytest.fixture
async def leaves_nothing(talk, until):
    """Fail when a test leaves a call, a task or a complaint in the logs behind."""
    seen: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    before = _sockets()
    yield
    logging.getLogger().removeHandler(handler)
    await until(lambda: talk.calls == 0)
    await until(lambda: _sockets() == before)
    assert seen == []


def _sockets() -> int:
    """Count the tasks that serve WebSockets."""
    names = ("Inbox.", "Session.", "future_watcher", "WebSocketPort.")
    return sum(any(name in repr(task.get_coro()) for name in names) for task in asyncio.all_tasks())


@pytest.mark.parametrize(("pieces", "codes"), ABUSE)
async def test_what_is_no_websocket_is_closed_as_such(leaves_nothing, address, pieces, codes):
    socket = await RawSocket.open(address, CHAT)
    await socket.send(HELLO, MESSAGE)
    assert (await socket.frame())[0] == TEXT
    await socket.send(*pieces)
    assert await socket.closing() in codes
    socket.writer.close()


async def test_a_message_may_come_byte_by_byte_with_pings_between(leaves_nothing, address):
    socket = await RawSocket.open(address, CHAT)
    await socket.send(HELLO)
    whole = '{"text": "café"}'.encode()
    for index in range(len(whole)):
        piece = frame(TEXT if index == 0 else 0, whole[index : index + 1], is_last=index == len(whole) - 1)
        for byte in piece + frame(PING, b"p"):
            await socket.send(bytes([byte]))
    heard = [await socket.frame() for _ in range(len(whole) + 1)]
    assert heard.count((PONG, b"p")) == len(whole)
    assert [payload for opcode, payload in heard if opcode == TEXT] == ['{"room":"kitchen","text":"café"}'.encode()]
    await socket.send(frame(CLOSE, (1000).to_bytes(2)))
    assert await socket.closing() == 1000
    socket.writer.close()


@pytest.mark.parametrize(
    "last",
    [
        b"",
        HELLO,
        HELLO[:5],
        HELLO + MESSAGE,
        HELLO + MESSAGE[:9],
        HELLO + frame(BINARY, b"x", is_last=False),
        HELLO + 500 * MESSAGE,
    ],
    ids=["nothing", "a token", "half a token", "a message", "half a message", "a part", "a flood"],
)
@pytest.mark.parametrize("way", ["abort", "half-close", "close"])
async def test_a_client_that_leaves_at_any_point_leaves_nothing(leaves_nothing, address, last, way):
    socket = await RawSocket.open(address, CHAT)
    socket.writer.write(last)
    if way == "abort":
        socket.writer.transport.abort()
    elif way == "half-close":
        socket.writer.write_eof()
        await socket.closing()
    socket.writer.close()


async def test_a_client_that_leaves_ends_a_handler_that_never_waits(leaves_nothing, address, talk, until):
    async def endless(lines, _context):
        async for line in lines:
            while True:
                yield line

    talk.chat = endless
    for _ in range(4):
        socket = await RawSocket.open(address, CHAT)
        await socket.send(HELLO, MESSAGE)
        assert (await socket.frame())[0] == TEXT
        socket.writer.transport.abort()
        await until(lambda: talk.calls == 0)


async def test_five_hundred_at_once_that_all_vanish_leave_nothing(leaves_nothing, address, talk, until):
    sockets = [await RawSocket.open(address, CHAT) for _ in range(500)]
    for socket in sockets:
        await socket.send(HELLO, MESSAGE)
    await until(lambda: talk.calls == len(sockets))
    assert _sockets() >= len(sockets)
    for socket in sockets:
        socket.writer.transport.abort()
