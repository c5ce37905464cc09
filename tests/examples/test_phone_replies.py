"""What the phone does with each thing that a server can say, however seldom."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from examples.phone_run import Phone, Start, phones
from examples.scripted_server import Refused, ScriptedServer, reply, scripted
from grpc import StatusCode

ACCEPTED = ("accepted", {"turn_id": "t"})
COMPLETED = ("completed", {"turn_id": "p", "finish_reason": "stop"})
WHOLE = reply("g", ACCEPTED, ("delta", {"text": "Yes."}), COMPLETED)

Run = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def server() -> AsyncIterator[tuple[ScriptedServer, str]]:
    async with scripted() as served:
        yield served


@pytest.fixture
def script(server) -> ScriptedServer:
    return server[0]


@pytest.fixture
async def start(server, tmp_path: Path) -> AsyncIterator[Start]:
    async with phones(tmp_path) as start:
        yield start


@pytest.fixture
def run(server, start) -> Run:
    """Say one thing and leave when it is answered."""

    async def run(*lines: str) -> Phone:
        phone = await start(server[1])
        for line in lines or ("Hello!",):
            phone.types(line)
        await phone.ended()
        return phone

    return run


def _delta(text: str) -> tuple[str, dict[str, str]]:
    return "delta", {"text": text}


async def test_a_reset_voids_the_text_and_a_snapshot_takes_its_place(script, run):
    taken_back = ("snapshot", {"text": "Better day"})
    script.streams = [
        reply("g", ACCEPTED, _delta("Bad"), ("reset", {"reason": "INTERRUPTED"}), _delta("Bet"), taken_back,
              _delta("."), COMPLETED)
    ]  # fmt: skip
    phone = await run()
    assert phone.out == "You: Hello!\nPartner: Bad (void)\nPartner: Better day.\n"


@pytest.mark.parametrize(
    "end",
    [
        [],
        [Refused(StatusCode.UNAVAILABLE)],
        [Refused(StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")],
        [Refused(StatusCode.INTERNAL)],
    ],
    ids=["cleanly", "unavailable", "out-of-time", "by-a-proxy"],
)
async def test_however_a_stream_ends_before_its_reply_it_is_read_on_from_the_cursor(script, run, end):
    script.streams = [
        [*reply("g", ACCEPTED, _delta("One, ")), *end],
        reply("g", _delta("two."), COMPLETED, first=3),
    ]
    phone = await run()
    assert phone.replies == ["One, two."]
    assert script.replies_asked[1].after == "g:1-2"


async def test_a_stream_that_ends_before_its_first_event_is_opened_again(script, run):
    script.streams = [[], [], WHOLE]
    phone = await run()
    assert phone.replies == ["Yes."]
    first, second, third = script.replies_asked
    assert first == second == third


async def test_a_failed_reply_is_offered_again_and_made_once_for_one_wish(script, run):
    failure = {"failure": {"reason": "MODEL_UNAVAILABLE", "message": "It broke.", "retryable": True}}
    script.streams = [
        reply("g", ACCEPTED, _delta("Well"), ("failed", failure)),
        [Refused(StatusCode.UNAVAILABLE)],
        reply("h", ACCEPTED, _delta("Well then."), COMPLETED),
    ]
    phone = await run()
    assert "/again" in phone.err
    phone = await run("/again")
    assert phone.replies == ["Well then."]
    tried, again = script.replies_asked[1:]
    assert tried == again
    assert (again.turn_id, again.DESCRIPTOR.name) == ("t", "RegenerateReplyRequest")


@pytest.mark.parametrize("told", [{"reason": "UNAVAILABLE", "retry_after": 1}, {"pushback": "1000"}])
async def test_the_server_says_how_long_to_wait(script, run, told):
    script.streams = [[Refused(StatusCode.UNAVAILABLE, **told)], WHOLE]
    phone = await run()
    assert phone.replies == ["Yes."]
    first, again = script.named("SendMessage")
    assert 1 <= again.at - first.at < 2
    assert first.request == again.request


@pytest.mark.parametrize(
    "refused",
    [Refused(StatusCode.UNAVAILABLE, pushback="-1"), Refused(StatusCode.FAILED_PRECONDITION, "CONVERSATION_ENDED")],
    ids=["pushed-back", "ended"],
)
async def test_what_is_refused_for_good_is_told_and_not_sent_again(script, run, refused):
    script.streams = [[refused], WHOLE]
    phone = await run("Hello!", "Are you there?")
    assert f"{refused.reason or 'UNAVAILABLE'}: As written." in phone.err
    assert [request.text for request in script.replies_asked] == ["Hello!", "Are you there?"]
    assert phone.replies == ["Yes."]


async def test_another_devices_reply_is_read_to_its_end_before_the_message_is_sent_again(script, run):
    busy = Refused(StatusCode.FAILED_PRECONDITION, "GENERATION_IN_PROGRESS", {"generation_id": "other"})
    script.streams = [[busy], reply("other", ACCEPTED, _delta("Later."), COMPLETED), WHOLE]
    phone = await run()
    assert phone.replies == ["Later.", "Yes."]
    sent, resumed, again = script.replies_asked
    assert (resumed.generation_id, resumed.after) == ("other", "")
    assert sent == again


async def test_a_cursor_that_is_unknown_begins_the_reply_anew(script, run):
    script.streams = [
        [*reply("g", ACCEPTED, _delta("Ye")), Refused(StatusCode.UNAVAILABLE)],
        [Refused(StatusCode.INVALID_ARGUMENT, "CURSOR_UNKNOWN")],
        WHOLE,
    ]
    phone = await run()
    assert phone.out == "You: Hello!\nPartner: Ye (void)\nPartner: Yes.\n"
    assert script.replies_asked[-1].after == ""


async def test_an_expired_access_token_is_replaced_once_and_kept(script, run, tmp_path: Path):
    script.streams = [[Refused(StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")], WHOLE]
    phone = await run()
    assert phone.replies == ["Yes."]
    assert [asked.request.refresh_token for asked in script.named("RefreshTokens")] == ["r1"]
    assert [asked.token for asked in script.named("SendMessage")] == ["Bearer a1", "Bearer a2"]
    assert json.loads((tmp_path / "state/session.json").read_text())["refresh_token"] == "r2"


async def test_an_access_token_is_replaced_before_it_expires(script, run, tmp_path: Path):
    script.streams = [WHOLE, WHOLE]
    await run()
    file = tmp_path / "state/session.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"expires_at": 0}))
    await run()
    assert {asked.token for asked in script.asked[-2:]} == {"Bearer a2"}


async def test_a_session_that_was_ended_signs_the_device_out_and_keeps_the_message(server, start, run, tmp_path: Path):
    script, address = server
    script.streams = [[Refused(StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")], WHOLE]
    script.trouble = {"RefreshTokens": [Refused(StatusCode.UNAUTHENTICATED, "REFRESH_TOKEN_REUSED")]}
    for phone in (await run(), await run("Nobody is in.")):
        assert await phone.ended() == 1
        assert "signed out" in phone.err
    assert not (tmp_path / "state/session.json").exists()
    phone = await start(address, "--email", "mei@example.com", "--name", "Mei Chan", PHONE_PASSWORD="harbour view")
    assert await phone.ended() == 0
    assert phone.out == "You: Hello!\nPartner: Yes.\n"
    first, again = script.replies_asked
    assert first == again


async def test_a_long_wait_is_told_and_trouble_is_told_once(script, run):
    script.streams = [[Refused(StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", retry_after=1)]] * 2 + [WHOLE]
    phone = await run()
    assert phone.err == "[TOO_MANY_STREAMS: trying again in 1 s]\n"


async def test_every_call_has_a_deadline_and_those_that_change_something_a_key(script, run):
    script.streams = [WHOLE]
    script.trouble = {"StartConversation": [Refused(StatusCode.UNAVAILABLE)] * 3}
    phone = await run()
    assert phone.replies == ["Yes."]
    first_tries = {asked.name: asked for asked in reversed(script.asked)}
    limits = {"SignUp": 10, "StartConversation": 10, "ListTurns": 10, "SendMessage": 120}
    assert first_tries.keys() == limits.keys()
    for name, limit in limits.items():  # on the way gRPC may round a long one up, to the next second or two
        assert limit - 2 < (first_tries[name].seconds or 0) < limit + 2
    keys = [asked.request.idempotency_key for asked in script.named("StartConversation")]
    assert len(keys) == 4, "gRPC itself tries again, as the service config says"
    assert len(set(keys)) == 1
    assert re.fullmatch(r"[0-9a-f-]{36}", keys[0])
    assert "UNAVAILABLE" not in phone.err
