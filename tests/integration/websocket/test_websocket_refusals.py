"""What a client gets that does not keep to the rules; each case its own code and reason."""

import asyncio
import json

import pytest

from gateway.options import GatewayOptions

CHAT = "/v1/rooms/kitchen/chat"
BIG = json.dumps({"text": "x" * 5_000_000})
DEEP = '{"text": ' + "[" * 200 + "]" * 200 + "}"

REFUSED = [
    pytest.param({"text": 1}, 4003, "INVALID_VALUE", "[0].text", id="a number for text"),
    pytest.param({"nope": 1}, 4003, "UNKNOWN_FIELD", "[0].nope", id="an unknown field"),
    pytest.param({"authorization": "Bearer x"}, 4003, "UNKNOWN_FIELD", "[0].authorization", id="a second token"),
    pytest.param("hello", 1007, "MALFORMED_JSON", "[0]", id="no JSON"),
    pytest.param('{"text": "a", "text": "b"}', 1007, "MALFORMED_JSON", "[0].text", id="a key twice"),
    pytest.param(DEEP, 1007, "MALFORMED_JSON", "[0]", id="deep JSON"),
    pytest.param("[]", 4003, "INVALID_VALUE", "[0]", id="no object"),
    pytest.param(b"{}", 1003, "UNSUPPORTED_FRAME", None, id="a binary frame"),
    pytest.param(BIG, 1009, "BODY_TOO_LARGE", None, id="five megabytes"),
    pytest.param({"room": "cellar"}, 4103, "CONFLICTING_VALUES", "[0].room", id="another room than the path's"),
    pytest.param({"tags": ["b"]}, 4103, "CONFLICTING_VALUES", "[0].tags", id="other tags than the query's"),
]


@pytest.mark.parametrize(("frame", "code", "reason", "field"), REFUSED)
async def test_a_frame_that_is_no_message_ends_the_call_with_its_own_code(
    join, talk, until, *, frame, code, reason, field
):
    guest = await join(f"{CHAT}?tags=a")
    await guest.say(frame)
    frames, *end = await guest.rest()
    assert end == [code, reason]
    details = frames[-1]["error"]["details"]
    assert details[0]["reason"] == reason
    if field is not None:
        assert [violation["field"] for violation in details[1]["fieldViolations"]] == [field]
    await until(lambda: talk.calls == 0)


async def test_a_later_frame_is_named_by_its_index(join):
    guest = await join(CHAT)
    await guest.say({"text": "a"})
    await guest.hear()
    await guest.say({"count": "x"})
    frames, _, _ = await guest.rest()
    assert frames[-1]["error"]["details"][1]["fieldViolations"][0]["field"] == "[1].count"


async def test_a_bad_frame_ends_the_call_while_the_handler_is_busy(join, talk, until):
    async def work(lines, _context):
        async for line in lines:
            yield line
            await asyncio.Event().wait()

    talk.chat = work
    guest = await join(CHAT)
    await guest.say({"text": "a"})
    await guest.hear()
    await guest.say("no JSON")
    assert (await guest.rest())[1:] == (1007, "MALFORMED_JSON")
    await until(lambda: talk.calls == 0)


async def test_a_frame_after_the_last_one_is_refused(join, talk):
    async def wait(lines, _context):
        async for line in lines:
            yield line
        await asyncio.Event().wait()

    talk.chat = wait
    guest = await join(CHAT)
    await guest.end()
    await guest.say({"text": "more"})
    assert (await guest.rest())[1:] == (4003, "MESSAGE_AFTER_END")


async def test_text_where_bytes_are_expected_is_refused(join):
    guest = await join("/v1/pour")
    await guest.say("text")
    assert (await guest.rest())[1:] == (1003, "UNSUPPORTED_FRAME")


@pytest.mark.parametrize("options", [GatewayOptions(websocket_authorization_seconds=0.05)])
async def test_who_says_nothing_in_time_is_told_so(join, calls):
    guest = await join(CHAT, first=None)
    frames, *end = await guest.rest()
    assert end == [4100, "AUTHORIZATION_TIMEOUT"]
    assert frames[0]["error"]["code"] == 16
    assert calls.began == []


@pytest.mark.parametrize(
    ("first", "code", "reason"),
    [
        ({"text": "hi"}, 4101, "AUTHORIZATION_EXPECTED"),
        ({"authorization": 5}, 4101, "AUTHORIZATION_EXPECTED"),
        ({"authorization": "a", "more": 1}, 4101, "AUTHORIZATION_EXPECTED"),
        ({"authorization": "Bearer a\nb"}, 4101, "AUTHORIZATION_EXPECTED"),
        ("5", 4101, "AUTHORIZATION_EXPECTED"),
        ("", 1007, "MALFORMED_JSON"),
        ("Bearer x", 1007, "MALFORMED_JSON"),
        (b"{}", 1003, "UNSUPPORTED_FRAME"),
        ({"authorization": "x" * 20_000}, 1009, "BODY_TOO_LARGE"),
    ],
)
async def test_a_first_frame_that_says_no_authorization_is_refused(join, calls, first, code, reason):
    guest = await join(CHAT, first=first)
    assert (await guest.rest())[1:] == (code, reason)
    assert calls.began == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_page_of_a_foreign_origin_is_refused(join, calls, origin):
    guest = await join(CHAT, first=None, origin=origin)
    frames, *end = await guest.rest()
    assert end == [4102, "FOREIGN_ORIGIN"]
    assert frames[0]["error"]["code"] == 7
    assert calls.began == []


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/v1/rooms/kitchen/chat?nope=1", "UNKNOWN_PARAMETER"),
        ("/v1/rooms/kitchen/chat?count=x", "INVALID_VALUE"),
        ("/v1/rooms/%ff/chat", "BAD_ESCAPE"),
    ],
)
async def test_a_path_or_query_that_does_not_fit_is_refused_on_the_socket(join, target, reason):
    guest = await join(target, first=None)
    assert (await guest.rest())[1:] == (4003, reason)


async def test_a_bad_deadline_is_refused(join):
    guest = await join(CHAT, first=None, additional_headers={"x-timeout": "soon"})
    assert (await guest.rest())[1:] == (4003, "INVALID_HEADER")


async def test_a_flood_of_messages_is_refused(join):
    guest = await join(CHAT)

    async def flood():
        for _ in range(10_000):
            await guest.socket.send('{"text": "a"}')

    sending = asyncio.create_task(flood())
    frames, *end = await guest.rest()
    assert end == [4104, "TOO_MANY_MESSAGES"]
    assert frames[-1]["error"]["code"] == 8
    assert len(frames) <= 400
    sending.cancel()
