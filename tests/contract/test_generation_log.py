"""What every GenerationLog does, the real one and the fake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from fakes.log import FakeGenerationLog
from redis.asyncio import Redis

from adapters.live.keys import log_key
from adapters.live.redis_log import RedisGenerationLog
from adapters.live.surviving_log import SurvivingLog
from domain.practice.log import Fenced, GenerationLog, LogUnavailable
from domain.practice.reply import (
    Accepted,
    Completed,
    LogEntry,
    Position,
    ReplyEvent,
    Reset,
    Snapshot,
    Started,
    TextDelta,
    TokenUsage,
)


@dataclass
class Subject:
    log: GenerationLog
    lose: Callable[[UUID], Awaitable[None]]


@pytest.fixture(params=["fake", "redis", "surviving"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        fake = FakeGenerationLog()

        async def lose_fake(generation_id: UUID) -> None:
            fake.lose(generation_id)

        yield Subject(fake, lose_fake)
        return
    url = request.getfixturevalue("redis_url")
    log: RedisGenerationLog | SurvivingLog = RedisGenerationLog(url, silence=0.05)
    if request.param == "surviving":
        log = SurvivingLog(log)
    await log.start()
    redis = Redis.from_url(url)

    async def lose_key(generation_id: UUID) -> None:
        await redis.delete(log_key(generation_id))

    yield Subject(log, lose_key)
    await redis.aclose()
    await log.close()


@pytest.fixture
def log(subject: Subject) -> GenerationLog:
    return subject.log


async def nothing() -> str:
    return ""


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def reply() -> list[ReplyEvent]:
    words = [TextDelta(f"word{number} ") for number in range(40)]
    return [Accepted(uuid4()), Started("model"), *words, TokenUsage(7, 40), Completed(uuid4(), "stop")]


async def write(log: GenerationLog, generation_id: UUID, events: list[ReplyEvent], attempt: int = 1):
    writer = log.writer(generation_id, attempt, nothing)
    for event in events:
        await writer.write(event)
    await writer.flush()
    return writer


async def collect(log: GenerationLog, generation_id: UUID, after: Position | None = None, alive=yes) -> list[LogEntry]:
    async with asyncio.timeout(10):
        return [entry async for entry in log.follow(generation_id, after, alive)]


def text(entries: list[LogEntry]) -> str:
    said = ""
    for entry in entries:
        match entry.event:
            case TextDelta(more):
                said += more
            case Snapshot(whole):
                said = whole
            case Reset():
                said = ""
    return said


async def test_a_reader_gets_all_events_in_order_with_deltas_joined_at_most(log: GenerationLog) -> None:
    generation_id, events = uuid4(), reply()
    writer = await write(log, generation_id, events)

    entries = await collect(log, generation_id)

    others = [event for event in events if not isinstance(event, TextDelta)]
    assert [entry.event for entry in entries if not isinstance(entry.event, TextDelta)] == others
    assert text(entries) == "".join(event.text for event in events if isinstance(event, TextDelta))
    assert [entry.first for entry in entries] == [1, *(entry.position.sequence + 1 for entry in entries[:-1])]
    assert entries[-1].position == Position(1, len(events)) == Position(1, writer.last_sequence)


async def test_a_reader_may_come_before_the_log(log: GenerationLog) -> None:
    generation_id, events = uuid4(), reply()
    reading = asyncio.create_task(collect(log, generation_id))
    await asyncio.sleep(0)

    await write(log, generation_id, events)

    assert await reading == list(await log.read(generation_id))


async def test_resuming_from_every_entry_gives_the_rest(log: GenerationLog) -> None:
    generation_id = uuid4()
    await write(log, generation_id, reply())
    whole = await collect(log, generation_id)

    for number, entry in enumerate(whole[:-1], start=1):
        assert await collect(log, generation_id, after=entry.position) == whole[number:]


async def test_only_what_was_sent_can_be_resumed(log: GenerationLog) -> None:
    generation_id = uuid4()
    writer = await write(log, generation_id, [Accepted(uuid4()), Started("model")])

    assert await log.holds(generation_id, Position(1, writer.last_sequence)) is True
    assert await log.holds(generation_id, Position(1, writer.last_sequence + 1)) is False
    assert await log.holds(generation_id, Position(2, 1)) is False
    assert await log.holds(uuid4(), Position(1, 1)) is None


async def test_a_new_attempt_fences_the_one_before(log: GenerationLog) -> None:
    generation_id = uuid4()
    zombie = await write(log, generation_id, [Accepted(uuid4()), TextDelta("gone")])
    await write(log, generation_id, [Reset("INTERRUPTED"), TextDelta("new"), Completed(uuid4(), "stop")], attempt=2)
    before = await log.read(generation_id)

    with pytest.raises(Fenced):
        await zombie.write(TextDelta("zombie"))
        await zombie.flush()
    with pytest.raises(Fenced):
        await zombie.write(TextDelta("zombie again"))

    assert await log.read(generation_id) == before
    assert text(await collect(log, generation_id)) == "new"


async def test_a_lost_log_goes_on_with_one_snapshot(subject: Subject) -> None:
    log, generation_id, said = subject.log, uuid4(), ["Good ", "morning", "!"]
    written: list[str] = []

    async def recover() -> str:
        return "".join(written)

    writer = log.writer(generation_id, 1, recover)
    await writer.write(Accepted(uuid4()))
    for more in said:
        written.append(more)
        await writer.write(TextDelta(more))
        await writer.flush()
        if more == "morning":
            sent = writer.last_sequence
            await subject.lose(generation_id)
    await writer.write(completed := Completed(uuid4(), "stop"))
    await writer.flush()

    entries = await log.read(generation_id)
    assert [entry.event for entry in entries] == [Snapshot("Good morning!"), completed]
    assert await collect(log, generation_id) == list(entries)
    assert await log.holds(generation_id, Position(1, sent)) is True
    assert await collect(log, generation_id, after=Position(1, sent)) == list(entries)


async def test_a_writer_whose_lease_is_gone_writes_no_snapshot(subject: Subject) -> None:
    generation_id = uuid4()

    async def recover() -> str:
        raise Fenced("The lease is held by another.")

    writer = subject.log.writer(generation_id, 1, recover)
    await writer.write(Accepted(uuid4()))
    await writer.flush()
    await subject.lose(generation_id)

    with pytest.raises(Fenced):
        await writer.write(Started("model"))
        await writer.flush()

    assert await subject.log.read(generation_id) == ()


async def test_a_second_attempt_may_find_no_log(subject: Subject) -> None:
    generation_id = uuid4()
    await write(subject.log, generation_id, [Accepted(uuid4())])
    await subject.lose(generation_id)

    await write(subject.log, generation_id, [Reset("INTERRUPTED"), Completed(uuid4(), "stop")], attempt=2)

    assert [entry.position for entry in await collect(subject.log, generation_id)] == [Position(2, 1), Position(2, 2)]


async def test_a_reader_of_a_generation_that_is_no_longer_alive_ends(log: GenerationLog) -> None:
    generation_id = uuid4()
    assert await collect(log, generation_id, alive=no) == []

    await write(log, generation_id, [Accepted(uuid4())])
    assert len(await collect(log, generation_id, alive=no)) == 1


async def test_what_was_written_before_the_question_is_still_read(log: GenerationLog) -> None:
    generation_id, events = uuid4(), [Accepted(uuid4()), Completed(uuid4(), "stop")]

    async def ends_meanwhile() -> bool:
        await write(log, generation_id, events)
        return False

    assert [entry.event for entry in await collect(log, generation_id, alive=ends_meanwhile)] == events


async def test_a_closed_reader_leaves_nothing_running(log: GenerationLog) -> None:
    generation_id = uuid4()
    await write(log, generation_id, [Accepted(uuid4())])
    before = asyncio.all_tasks()

    reader = log.follow(generation_id, None, yes)
    await anext(reader)
    await reader.aclose()

    assert asyncio.all_tasks() <= before


async def test_a_closed_writer_writes_nothing_more(log: GenerationLog) -> None:
    generation_id = uuid4()
    writer = await write(log, generation_id, [Accepted(uuid4())])

    writer.close()

    with pytest.raises(LogUnavailable):
        await writer.write(Started("model"))
    assert len(await log.read(generation_id)) == 1


async def test_an_ended_log_can_still_be_read(log: GenerationLog) -> None:
    generation_id = uuid4()
    await write(log, generation_id, reply())

    await log.end(generation_id)

    assert (await log.read(generation_id))[-1].is_last
