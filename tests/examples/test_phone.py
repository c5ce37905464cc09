"""The phone against the served product: killed, cut off and started again on either side."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from e2e.command import Command, environment
from e2e.learner import GREETING
from examples.phone_run import Start, phones, stored_turns
from faults.rig.proxy import proxied

from fluentpro.v2.conversation_pb2 import Author

StartDev = Callable[..., Awaitable[Command]]


@pytest.fixture(scope="module")
async def start(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StartDev]:
    """Start `fluentpro dev` and wait until it serves; `again=` names the one whose data and ports it takes over."""
    async with AsyncExitStack() as stack:

        async def start(again: Command | None = None, **settings: object) -> Command:
            folder = tmp_path_factory.mktemp("dev")
            ports = {"grpc_listen": again.grpc, "http_listen": again.http} if again else {}
            given = {"scripted_word_seconds": 0.1, **ports, **settings}
            command = Command(["dev"], folder, environment(again.data_dir if again else folder / "data", given))
            stack.push_async_callback(command.stop)
            return await command.ready()

        yield start


@pytest.fixture(scope="module")
async def dev(start: StartDev) -> Command:
    return await start()


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Start]:
    async with phones(tmp_path) as start:
        yield start


async def test_a_phone_killed_in_the_middle_of_a_reply_reads_on_where_it_was(dev: Command, phone, tmp_path: Path):
    first = await phone(dev.grpc)
    first.types(GREETING)
    await first.shows(r"You: .*\nPartner: \w+ \w+")
    await first.killed()
    again = await phone(dev.grpc)
    assert await again.ended() == 0, again.err
    turns = await stored_turns(dev.grpc, tmp_path)
    assert [turn.text for turn in turns if turn.author == Author.AUTHOR_PARTNER] == again.replies
    assert [turn.text for turn in turns if turn.author == Author.AUTHOR_LEARNER] == [GREETING]
    assert again.replies[-1].startswith(first.replies[-1])


async def test_a_connection_cut_every_300_ms_costs_no_word_and_doubles_none(dev: Command, phone, tmp_path: Path):
    host, _, port = dev.grpc.rpartition(":")
    async with proxied((host, int(port))) as proxy:
        run = await phone(f"127.0.0.1:{proxy.port}")
        await run.shows("Partner: ")
        cutting = asyncio.create_task(_cut(proxy))
        for line in (GREETING, "Your room is ready now."):
            run.types(line)
        assert await run.ended(90) == 0, run.err
        cutting.cancel()
        assert proxy.accepted > 3
    turns = await stored_turns(dev.grpc, tmp_path)
    assert [turn.text for turn in turns if turn.author == Author.AUTHOR_PARTNER] == run.replies
    assert [turn.text for turn in turns if turn.author == Author.AUTHOR_LEARNER] == [
        GREETING, "Your room is ready now.",
    ]  # fmt: skip
    assert not any(turn.partial for turn in turns)


async def _cut(proxy) -> None:
    while True:
        await asyncio.sleep(0.3)
        proxy.reset()


async def test_ctrl_c_stops_the_reply_and_a_second_one_leaves(dev: Command, phone, tmp_path: Path):
    run = await phone(dev.grpc)
    run.types(GREETING)
    await run.shows(r"You: .*\nPartner: \w+ \w+")
    run.interrupt()
    await run.shows(r"\(stopped\)")
    run.interrupt()
    assert await run.ended() == 0
    last = (await stored_turns(dev.grpc, tmp_path))[-1]
    assert (last.text, last.partial) == (run.replies[-1], True)


async def test_a_learner_signs_up_and_later_logs_in_on_another_device(dev: Command, phone, tmp_path: Path):
    account = {"PHONE_PASSWORD": "harbour view at dawn"}
    first = await phone(dev.grpc, "--email", "phone@example.com", "--name", "Mei Chan", **account)
    assert await first.ended() == 0, first.err
    (tmp_path / "state/session.json").unlink()
    again = await phone(dev.grpc, "--email", "phone@example.com", **account)
    assert await again.ended() == 0, again.err
    assert again.out == first.out != ""
    wrong = await phone(dev.grpc, "--email", "phone@example.com", PHONE_PASSWORD="another one entirely")
    assert await wrong.ended() == 1
    assert wrong.err.startswith("INVALID_CREDENTIALS: ")


async def test_a_server_killed_in_the_middle_of_a_reply_is_waited_for_and_what_was_typed_meanwhile_is_said_once(
    start: StartDev, phone, tmp_path: Path
):
    first = await start(scripted_word_seconds=0.2)
    run = await phone(first.grpc)
    run.types(GREETING)
    await run.shows(r"You: .*\nPartner: \w+ \w+")
    first.kill()
    await first.ended()
    run.types("Are you still there?")
    await run.shows("Are you still there")
    await run.killed()  # and the phone goes down too, with its message unsent
    run = await phone(first.grpc)
    await run.shows("UNAVAILABLE")
    await start(again=first, scripted_word_seconds=0)
    assert await run.ended(90) == 0, run.err
    turns = await stored_turns(first.grpc, tmp_path)
    said = [turn.text for turn in turns if turn.author == Author.AUTHOR_LEARNER]
    assert said == [GREETING, "Are you still there?"]
    assert [turn.text for turn in turns if turn.author == Author.AUTHOR_PARTNER][1:] == run.replies
    assert [turn.partial for turn in turns] == [False, False, True, False, False]
    assert "/again" in run.err
