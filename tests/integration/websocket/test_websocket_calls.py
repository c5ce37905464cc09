"""Calls over a real WebSocket: what is said, by whom, and how it ends."""

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from domain.shared.errors import DomainError, ErrorKind, Unavailable
from gateway.options import GatewayOptions

CHAT = "/v1/rooms/kitchen/chat"
GATHER = "/v1/rooms/kitchen/gather"


class RoomClosed(DomainError):
    kind = ErrorKind.FAILED_PRECONDITION
    reason = "ROOM_CLOSED"


async def test_each_frame_is_a_message_with_what_path_and_query_say(join):
    guest = await join(f"{CHAT}?count=3&tags=a&tags=b")
    await guest.say({"text": "hello"})
    assert await guest.hear() == {"room": "kitchen", "text": "hello", "tags": ["a", "b"], "count": 3}
    await guest.say({"text": "again", "room": "kitchen", "quoted": {"text": "hello"}})
    assert (await guest.hear())["quoted"] == {"text": "hello"}
    await guest.end()
    assert await guest.rest() == ([], 1000, "")


async def test_a_call_that_answers_once_does_so_after_the_empty_frame(join):
    guest = await join(GATHER)
    for text in ("a", "b"):
        await guest.say({"text": text})
    await guest.end()
    assert await guest.rest() == ([{"text": "a b", "count": 2}], 1000, "")


async def test_a_stream_without_a_message_ends_well(join):
    guest = await join(GATHER)
    await guest.end()
    assert await guest.rest() == ([{}], 1000, "")


async def test_raw_bytes_are_binary_frames_both_ways(join):
    guest = await join("/v1/pour")
    await guest.say(b"\x00\xff")
    assert await guest.socket.recv() == b"\x00\xff"
    await guest.end()
    assert await guest.rest() == ([], 1000, "")


async def test_a_frame_in_pieces_is_one_message(join):
    guest = await join(CHAT)
    await guest.socket.send(['{"te', 'xt": "c', 'afé"}'])
    assert (await guest.hear())["text"] == "café"


async def test_the_first_frame_says_who_calls_and_no_call_begins_before(join, calls):
    guest = await join(CHAT, first=None)
    assert calls.began == []
    await guest.say({"authorization": "Bearer a-token"})
    await guest.say({"text": "hi"})
    await guest.hear()
    assert [call.headers["authorization"] for call in calls.began] == ["Bearer a-token"]


async def test_an_empty_string_is_nobody(join, calls):
    guest = await join(CHAT)
    await guest.say({"text": "hi"})
    await guest.hear()
    assert "authorization" not in calls.began[0].headers


async def test_with_the_header_the_first_frame_is_a_message(join, calls):
    guest = await join(CHAT, first=None, additional_headers={"authorization": "Bearer b", "x-request-id": "r-1"})
    await guest.say({"text": "hi"})
    assert (await guest.hear())["text"] == "hi"
    assert (calls.began[0].headers["authorization"], calls.began[0].request_id) == ("Bearer b", "r-1")


async def test_the_handler_speaks_first_when_it_wants_to(join, talk):
    async def greet(_lines, _context):
        yield talk.Line(text="welcome")

    talk.chat = greet
    guest = await join(CHAT)
    assert await guest.rest() == ([{"text": "welcome"}], 1000, "")


async def test_a_call_that_ends_while_the_client_still_speaks_is_heard_to_its_end(join, talk):
    async def cut_short(lines, _context):
        async for _ in lines:
            yield talk.Line(text="enough")
            return

    talk.chat = cut_short
    guest = await join(CHAT)
    for _ in range(50):
        await guest.say({"text": "x" * 10_000})
    assert await guest.rest() == ([{"text": "enough"}], 1000, "")


async def test_a_call_that_fails_says_why_in_a_last_frame_and_in_the_code(join, talk):
    async def fail(lines, _context):
        async for line in lines:
            yield line
            raise RoomClosed("The room is closed.")

    talk.chat = fail
    guest = await join(CHAT)
    await guest.say({"text": "hi"})
    frames, code, reason = await guest.rest()
    assert frames[0]["text"] == "hi"
    assert (frames[1]["error"]["code"], frames[1]["error"]["message"]) == (9, "The room is closed.")
    assert (len(frames), code, reason) == (2, 4009, "ROOM_CLOSED")


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (Unavailable("No.", retry_after=1), 4014, "UNAVAILABLE"),
        (ValueError("password=hunter2"), 4013, "INTERNAL"),
    ],
)
async def test_each_status_has_its_code(join, talk, error, code, reason):
    async def fail(_lines, _context):
        raise error

    talk.gather = fail
    frames, *end = await (await join(GATHER)).rest()
    assert end == [code, reason]
    assert "hunter2" not in json.dumps(frames)


async def test_the_deadline_of_the_upgrade_request_ends_the_call(join):
    guest = await join(CHAT, additional_headers={"x-timeout": "0.1"})
    _, code, _ = await guest.rest()
    assert code == 4004


async def test_a_client_that_leaves_cancels_the_call_while_the_handler_works(join, talk, until):
    async def work(lines, _context):
        async for line in lines:
            yield line
            await asyncio.Event().wait()

    talk.chat = work
    guest = await join(CHAT)
    await guest.say({"text": "hi"})
    await guest.hear()
    await guest.socket.close()
    await until(lambda: talk.calls == 0)


async def test_a_client_that_vanishes_cancels_the_call(join, talk, until):
    guest = await join(CHAT)
    await guest.say({"text": "hi"})
    await guest.hear()
    guest.socket.transport.abort()
    await until(lambda: talk.calls == 0)


async def test_a_slow_handler_slows_the_client_down(join, talk):
    go, taken = asyncio.Event(), []

    async def take(lines, _context):
        async for line in lines:
            taken.append(len(line.text))
            await go.wait()
            yield talk.Line(count=len(taken))

    talk.chat = take
    guest = await join(CHAT)
    big = json.dumps({"text": "x" * 1_000_000})

    async def send_all():
        for _ in range(40):
            await guest.socket.send(big)

    sending = asyncio.create_task(send_all())
    done, _ = await asyncio.wait({sending}, timeout=0.5)
    assert not done
    assert len(taken) == 1
    go.set()
    for count in range(1, 41):
        assert (await guest.hear())["count"] == count
    await sending


async def test_a_slow_reader_slows_the_handler_down(join, talk, until):
    made = 0

    async def pour(_lines, _context):
        nonlocal made
        for _ in range(200):
            made += 1
            yield talk.Line(text="x" * 1_000_000)

    talk.chat = pour
    guest = await join(CHAT, max_queue=1)
    await guest.hear()
    seen = -1
    while seen != made:
        seen = made
        await asyncio.sleep(0.3)
    assert made < 100
    frames, code, _ = await guest.rest()
    assert (len(frames), code) == (199, 1000)


@pytest.mark.parametrize("address", ["HTTP port"], indirect=True)
async def test_a_plain_request_is_told_to_upgrade(address):
    async with httpx.AsyncClient(base_url=f"http://{address}") as client:
        response = await client.get(CHAT)
        options = await client.options(CHAT)
        head = await client.head(CHAT)
    assert response.status_code == 426
    assert response.headers["upgrade"] == "websocket"
    assert response.json()["details"][0]["reason"] == "UPGRADE_REQUIRED"
    assert options.headers["allow"] == "GET, OPTIONS"
    assert head.status_code == 405


@pytest.mark.parametrize(("path", "status"), [("/v1/nowhere", 404), ("/v1/rooms/kitchen", 404)])
async def test_an_upgrade_where_there_is_no_websocket_is_refused_as_a_request(address, path, status):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}{path}")
    response = refused.value.response
    assert response.status_code == status
    assert json.loads(response.body)["details"][0]["reason"] == "ROUTE_NOT_FOUND"
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("address", ["HTTP port"], indirect=True)
async def test_a_url_that_is_too_long_is_refused_as_a_request(address):
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}{CHAT}?text={'x' * 20_000}")
    assert refused.value.response.status_code == 414


@pytest.mark.parametrize("options", [GatewayOptions(cors_origins=("https://app.example",))])
@pytest.mark.parametrize("origin", ["https://app.example", "same", None])
async def test_pages_of_known_origins_and_of_our_own_may_call(join, address, origin):
    guest = await join(GATHER, origin=f"http://{address}" if origin == "same" else origin)
    await guest.end()
    assert (await guest.rest())[1] == 1000
