"""Replies on real engines while something happens to them: a cancel before the first word, Redis away."""

import asyncio
import subprocess
import time
from itertools import pairwise

import pytest
from fakes.practice import FakeChatModel
from fakes.role_plays import until
from sqlalchemy import text

from adapters.engines.binaries import valkey_binary
from adapters.engines.valkey import valkey_answers
from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason, Usage
from domain.practice.errors import GenerationInProgress
from domain.practice.model import GenerationStatus
from domain.practice.recovery import said
from domain.practice.reply import Accepted, Cancelled, Completed, Snapshot, Started

STOP = Finish(FinishReason.STOP)


class Second(FakeChatModel):
    name = "second-model"


class OwnValkey:
    """A server without data, which a test may kill."""

    def __init__(self, folder) -> None:
        self._socket = folder / "v.sock"
        self.url = f"unix://{self._socket}"
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(folder)]
        self._process = subprocess.Popen([str(valkey_binary()), *options], stdout=subprocess.DEVNULL)

    async def answers(self) -> bool:
        return valkey_answers(self._socket)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
async def valkey(tmp_path_factory):
    server = OwnValkey(tmp_path_factory.mktemp("v"))
    await until(server.answers)
    yield server
    server.kill()


@pytest.fixture
def rows(connections):
    """Read the rows of a query about one generation."""

    async def read(query: str, generation) -> list[tuple]:
        async with connections.reading() as connection:
            return [tuple(row) for row in await connection.execute(text(query), {"id": generation.id})]

    return read


ENDS = """
    SELECT type FROM event_store
    WHERE stream_id = 'generation-' || CAST(:id AS uuid) AND type <> 'generation.started'
"""


async def test_a_cancel_before_the_first_word_closes_the_models_stream_within_200_ms(app, rows) -> None:
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    before = time.monotonic()
    cancelling = asyncio.create_task(app.cancel_reply(app.user_id, str(generation.id)))
    await app.model.closed.wait()
    assert time.monotonic() - before < 0.2
    assert (await cancelling).status is GenerationStatus.CANCELLED
    again = await asyncio.gather(*(app.cancel_reply(app.user_id, str(generation.id)) for _ in range(3)))
    assert {one.status for one in again} == {GenerationStatus.CANCELLED}
    assert (await app.read(generation))[-1].event == Cancelled(None)
    assert await rows(ENDS, generation) == [("generation.cancelled",)]


async def test_another_process_closes_it_as_fast(app, process) -> None:
    other = await process()
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    await other.doorbell.ring(generation.id)  # both have connected
    before = time.monotonic()
    await other.cancel_reply(other.user_id, str(generation.id))
    assert app.model.closed.is_set()
    assert time.monotonic() - before < 0.5


async def test_each_renewal_keeps_what_was_said(app, rows, clock) -> None:
    app.renew_every = 0.02
    gate, end = asyncio.Event(), asyncio.Event()
    app.model = FakeChatModel(Delta("One, "), gate, Delta("two."), end, STOP)
    generation = await app.send(await app.start())
    kept = "SELECT partial_text, last_sequence FROM generation WHERE id = :id"

    async def is_kept(text: str, sequence: int) -> bool:
        return await rows(kept, generation) == [(text, sequence)]

    await until(lambda: is_kept("One, ", 3))
    lease = (await app.stored(generation)).lease_until
    clock.advance(seconds=1)
    gate.set()
    await until(lambda: is_kept("One, two.", 4))
    assert (await app.stored(generation)).lease_until > lease
    end.set()
    await app.read(generation)


async def test_the_model_that_spoke_is_named_with_what_it_cost(app, rows) -> None:
    app.model = FakeChatModel(ChatError(ChatErrorKind.OVERLOADED, "busy"))
    app.fallbacks = (Second(Delta("Yes."), Usage(7, 1), STOP),)
    generation = await app.send(await app.start())
    entries = await app.read(generation)
    started = [entry.event for entry in entries if isinstance(entry.event, Started)]
    assert started == [Started("fake-model"), Started("second-model")]
    assert await rows("SELECT model FROM generation WHERE id = :id", generation) == [("second-model",)]
    usage = await rows("SELECT model, input_tokens, output_tokens FROM usage WHERE generation_id = :id", generation)
    assert usage == [("second-model", 7, 1)]


async def test_a_conversation_goes_on_without_redis_and_loses_nothing(process, valkey, rows) -> None:
    app, other = await process(valkey.url), await process(valkey.url)
    conversation = await app.start()
    valkey.kill()
    for number in range(2):
        app.model = FakeChatModel(*(Delta(f"word {word} ") for word in range(20)), Usage(3, 20), STOP)
        before = time.monotonic()
        generation = await app.send(conversation)
        elsewhere = asyncio.create_task(other.read(generation))
        entries = await app.read(generation)
        assert time.monotonic() - before < (1.0 if number else 2.5)
        assert Started("fake-model", degraded=True) in [entry.event for entry in entries]
        whole = "".join(f"word {word} " for word in range(20))
        assert said(entries) == said(await elsewhere) == whole
        assert isinstance(entries[-1].event, Completed)
        assert elsewhere.result()[-1] == entries[-1]
        assert all(one.position < after.position for one, after in pairwise(entries))
        assert await rows(ENDS, generation) == [("generation.completed",)]
    assert await app.partner_says(conversation) == [whole, whole]


async def test_a_reply_without_redis_can_be_read_on_and_cancelled(process, valkey) -> None:
    app = await process(valkey.url)
    valkey.kill()
    app.model = FakeChatModel(Delta("Well, "), asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    seen = await anext(app.resume_reply(app.user_id, str(generation.id), ""))
    reading = asyncio.create_task(app.read(generation, seen.position))

    async def has_spoken() -> bool:
        return "Well, " in said(await app.log.read(generation.id))

    await until(has_spoken)
    with pytest.raises(GenerationInProgress):
        await app.send(conversation)
    stopped = await app.cancel_reply(app.user_id, str(generation.id))
    assert app.model.closed.is_set()
    assert stopped.status is GenerationStatus.CANCELLED
    assert isinstance((await reading)[-1].event, Cancelled)
    assert await app.partner_says(conversation) == ["Well, "]


async def test_a_reply_that_loses_redis_in_the_middle_is_kept_whole(process, valkey) -> None:
    app = await process(valkey.url)
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("One, "), gate, Delta("two, "), Delta("three."), Usage(1, 3), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    reading = asyncio.create_task(app.read(generation))
    await app.heard(generation)
    valkey.kill()
    gate.set()
    entries = await reading
    assert [type(entry.event) for entry in entries[:2]] == [Accepted, Started]
    assert not entries[1].event.degraded
    assert said(entries) == "One, two, three."
    assert isinstance(entries[-1].event, Completed)
    assert await app.partner_says(conversation) == ["One, two, three."]
    for place in entries[:-1]:
        rest = await app.read(generation, place.position)
        assert rest[-1] == entries[-1]
        assert any(isinstance(entry.event, Snapshot) for entry in rest) or said(rest) == ""
