"""Reading a reply from any place, with its log and without."""

import asyncio
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason, Usage
from domain.practice.ending import completed
from domain.practice.errors import CursorUnknown, GenerationNotFound
from domain.practice.reply import (
    Accepted,
    Completed,
    Failed,
    Position,
    Snapshot,
    Started,
    TextDelta,
    TokenUsage,
    cursor,
)

STOP = Finish(FinishReason.STOP)
WORDS = [Delta(word) for word in ("You ", "are ", "very ", "welcome.")]


async def ended(app, *parts):
    """Return a reply that has ended, and all its entries."""
    app.model = FakeChatModel(*parts)
    generation = await app.send(await app.start())
    return generation, await app.read(generation)


async def test_from_every_position_the_rest_is_the_same(app) -> None:
    generation, entries = await ended(app, *WORDS, Usage(1, 4), STOP)
    for place, entry in enumerate(entries):
        assert await app.read(generation, entry.position) == entries[place + 1 :]


async def test_after_the_last_event_there_is_nothing(app) -> None:
    generation, entries = await ended(app, *WORDS, STOP)
    assert await app.read(generation, entries[-1].position) == []
    app.log.lose(generation.id)
    assert await app.read(generation, entries[-1].position) == []


@pytest.mark.parametrize("parts", [[*WORDS, STOP], [*WORDS, Usage(1, 4), STOP]])
async def test_when_the_log_is_gone_the_database_tells_text_and_end(app, parts) -> None:
    generation, entries = await ended(app, *parts)
    app.log.lose(generation.id)
    snapshot, last = await app.read(generation)
    assert snapshot.event == Snapshot("You are very welcome.")
    assert last == entries[-1]
    for entry in entries[:-1]:
        again = await app.read(generation, entry.position)
        assert again[-1] == last
        assert all(entry.position < one.position for one in again)
    assert await app.read(generation, snapshot.position) == [last]


async def test_a_reader_that_has_all_text_gets_only_the_end_from_the_database(app) -> None:
    generation, entries = await ended(app, *WORDS, STOP)
    app.log.lose(generation.id)
    assert await app.read(generation, entries[-2].position) == [entries[-1]]


async def test_a_failed_reply_without_words_is_told_from_the_database(app) -> None:
    generation, entries = await ended(app, ChatError(ChatErrorKind.REFUSED, "no"))
    app.log.lose(generation.id)
    assert await app.read(generation) == [entries[-1]]


@pytest.mark.parametrize("place", [(1, 99), (2, 1), (1, 999_999_999)])
async def test_a_cursor_that_was_never_sent_is_unknown(app, place) -> None:
    generation, _ = await ended(app, *WORDS, STOP)
    with pytest.raises(CursorUnknown):
        await app.read(generation, Position(*place))
    app.log.lose(generation.id)
    with pytest.raises(CursorUnknown):
        await app.read(generation, Position(*place))


async def test_a_cursor_that_only_the_producers_memory_had_is_known(app) -> None:
    """The log came back without the end of the reply, which its producer had kept to itself."""
    generation, entries = await ended(app, *WORDS, STOP)
    del app.log.entries(generation.id)[3:]
    for entry in entries[:-1]:
        assert (await app.read(generation, entry.position))[-1] == entries[-1]
    with pytest.raises(CursorUnknown):
        await app.read(generation, Position(1, 99))


async def test_another_replys_cursor_and_what_is_none_are_unknown(app) -> None:
    generation, _ = await ended(app, *WORDS, STOP)
    for wrong in ("abc", "1-1", f"{generation.id}:1-0", f"{generation.id}:1-2 ", cursor(uuid4(), Position(1, 2))):
        with pytest.raises(CursorUnknown):
            await anext(app.resume_reply(app.user_id, str(generation.id), wrong))


async def test_a_queued_reply_has_given_no_cursor(app) -> None:
    generation = await app.queue()
    with pytest.raises(CursorUnknown):
        await app.read(generation, Position(1, 1))


async def test_a_strangers_reply_is_not_found(app) -> None:
    generation, _ = await ended(app, *WORDS, STOP)
    for user_id, asked in [(uuid4(), str(generation.id)), (app.user_id, "abc"), (app.user_id, str(uuid4()))]:
        with pytest.raises(GenerationNotFound) as refusal:
            await anext(app.resume_reply(user_id, asked, ""))
        assert refusal.value.metadata == {"generation_id": asked}


async def test_reading_never_starts_a_reply(app, clock) -> None:
    generation = await app.queue()
    reading = asyncio.create_task(app.read(generation))
    clock.advance(seconds=60)
    for _ in range(50):
        await asyncio.sleep(0)
    assert not reading.done()
    assert (await app.stored(generation)).attempt == 0
    await app.cancel_reply(app.user_id, str(generation.id))
    await reading


async def test_a_reader_hears_the_end_that_never_came_into_the_log(app) -> None:
    """The producer died between its commit and the last entry."""
    generation = await app.queue()
    held = await app.leases.take_to_produce(generation, "m")
    writer = app.log.writer(generation.id, held.attempt, None)
    for event in (Accepted(generation.turn_id), Started("m"), TextDelta("Quite so.")):
        await writer.write(event)
    entries = app.resume_reply(app.user_id, str(generation.id), "")
    seen = [await anext(entries) for _ in range(3)]
    append, app.log.append = app.log.append, lambda *_: None
    await app.finish(held, writer, completed("Quite so.", "stop", None), 3)
    app.log.append = append
    seen += [entry async for entry in entries]
    assert [type(entry.event) for entry in seen] == [Accepted, Started, TextDelta, Completed]
    assert seen[-1].position == Position(1, 4)


async def test_who_resumes_between_the_stored_end_and_the_logs_hears_what_who_stayed_hears(app) -> None:
    generation = await app.queue()
    held = await app.leases.take_to_produce(generation, "m")
    writer = app.log.writer(generation.id, held.attempt, None)
    for event in (Accepted(generation.turn_id), Started("m"), TextDelta("Quite so.")):
        await writer.write(event)
    append, late = app.log.append, []
    app.log.append = lambda *entry: late.append(entry)
    await app.finish(held, writer, completed("Quite so.", "stop", TokenUsage(5, 2)), 3)
    app.log.append = append
    reading = asyncio.create_task(app.read(generation, Position(1, 3)))
    for _ in range(5):
        await asyncio.sleep(0)
    for entry in late:
        app.log.append(*entry)
    assert [type(entry.event) for entry in await reading] == [TokenUsage, Completed]


async def test_a_reader_outlives_an_outage_of_the_log(app) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("One."), gate, STOP)
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    app.log.available = False
    reading = asyncio.create_task(app.read(generation))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not reading.done()
    app.log.available = True
    gate.set()
    assert isinstance((await reading)[-1].event, Completed)


async def test_without_a_log_an_earlier_cursor_of_a_running_reply_is_taken(app) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("One."), gate, STOP)
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    app.log.available = False
    reading = asyncio.create_task(app.read(generation, Position(1, 2)))
    gate.set()
    (*_, last) = await reading
    assert isinstance(last.event, Failed | Completed)
