"""Readers get what the log has, whatever delivery does, in the writer's process and in others."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from adapters.live.connection import connect
from adapters.live.follow import Follower
from adapters.live.keys import log_key
from adapters.live.log_hub import LogHub
from adapters.live.log_reader import PAGE, LogReader
from adapters.live.log_writer import LogWriter
from adapters.live.pipe import Pipe
from adapters.live.silences import Silences
from domain.practice.reply import Accepted, Completed, LogEntry, Position, Started, TextDelta

RUNS = 40
FOREVER = 60.0
"""A silence that never ends within a test: what arrives was delivered."""


async def alive() -> bool:
    return True


async def nothing() -> str:
    return ""


class LossyParts:
    """The parts of a log, with a delivery that loses a fifth and doubles a tenth of what it is given."""

    def __init__(self, url: str) -> None:
        self.redis = connect(url, 8)
        self.reader = LogReader(self.redis)
        self.hub = LogHub(url, self.redis)
        self.writer = LogWriter(Pipe(url), self.reader, self._deliver)
        self.writer.start()
        self._random = random.Random(20)
        self.lost = self.doubled = 0

    def _deliver(self, generation_id: UUID, entry: LogEntry) -> None:
        luck = self._random.random()
        if luck < 0.2:
            self.lost += 1
            return
        self.hub.deliver(generation_id, entry)
        if luck > 0.9:
            self.doubled += 1
            self.hub.deliver(generation_id, entry)

    def follow(self, generation_id: UUID):
        never_watched = lambda _generation, _after: None  # noqa: E731
        return Follower(self.reader, self.hub, never_watched, generation_id, alive, silences=Silences(0.02)).entries()

    async def close(self) -> None:
        await self.writer.close()
        await self.redis.aclose()


async def one_lossy_run(parts: LossyParts, seed: int) -> None:
    luck, generation_id = random.Random(seed), uuid4()
    words = [f"{seed}.{number} " for number in range(60)]
    writer = parts.writer.open(generation_id, 1, nothing)

    async def produce() -> None:
        for word in words:
            await writer.write(TextDelta(word))
            if luck.random() < 0.5:
                await writer.flush()
        await writer.write(Completed(uuid4(), "stop"))

    async def read() -> list[LogEntry]:
        entries = []
        async for entry in parts.follow(generation_id):
            entries.append(entry)
            if luck.random() < 0.1:
                await asyncio.sleep(luck.random() * 0.01)  # paces a reader that is slow at times
        return entries

    async with asyncio.timeout(20):
        entries, _ = await asyncio.gather(read(), produce())
    assert tuple(entries) == await parts.reader.all(generation_id)
    assert "".join(entry.event.text for entry in entries[:-1]) == "".join(words)


async def test_a_delivery_that_loses_and_doubles_changes_no_byte(redis_url: str) -> None:
    parts = LossyParts(redis_url)
    try:
        await asyncio.gather(*(one_lossy_run(parts, seed) for seed in range(RUNS)))
    finally:
        await parts.close()
    assert parts.lost > RUNS
    assert parts.doubled > RUNS


async def test_a_reader_in_another_process_gets_the_same_entries_live(redis_url, make_log, read_all, produce) -> None:
    here, there = await make_log(redis_url), await make_log(redis_url, silence=FOREVER)
    generation_id = uuid4()
    reader = there.follow(generation_id, None, alive)
    speaker = produce(here, generation_id)

    async with asyncio.timeout(10):
        await speaker.writer.write(Accepted(uuid4()))
        entries = [await anext(reader)]
        for word in ("one ", "two ", "three"):
            await speaker.say(word)
            entries.append(await anext(reader))
        await speaker.writer.write(Completed(uuid4(), "stop"))
        entries += [entry async for entry in reader]

    assert tuple(entries) == await here.read(generation_id)
    assert entries[-1].is_last


async def test_a_second_remote_reader_wakes_the_read_that_waits_for_the_first(
    valkey, make_log, produce, blocked_reads
) -> None:
    here, there = await make_log(valkey.url), await make_log(valkey.url, silence=FOREVER)
    first, second = uuid4(), uuid4()
    speakers = [produce(here, generation_id) for generation_id in (first, second)]
    for speaker in speakers:
        await speaker.say("Hello")
    readers = [there.follow(generation_id, None, alive) for generation_id in (first, second)]
    await anext(readers[0])
    await blocked_reads(1)

    await anext(readers[1])
    await speakers[1].say(" again")

    async with asyncio.timeout(3):  # less than the blocking read waits by itself
        assert (await anext(readers[1])).event == TextDelta(" again")
    for reader in readers:
        await reader.aclose()


async def test_a_generation_that_is_written_here_is_not_read_from_the_server(
    valkey, make_log, produce, blocked_reads
) -> None:
    log, generation_id = await make_log(valkey.url, silence=FOREVER), uuid4()
    reader = log.follow(generation_id, None, alive)
    coming = asyncio.ensure_future(anext(reader))
    await blocked_reads(1)

    speaker = produce(log, generation_id)

    async with asyncio.timeout(3):
        await blocked_reads(0)
        await speaker.say("Hello")
        assert (await coming).event == TextDelta("Hello")
    await reader.aclose()


async def test_a_generation_is_written_here_until_its_last_event(redis_url: str) -> None:
    parts, generation_id = LossyParts(redis_url), uuid4()
    writer = parts.writer.open(generation_id, 1, nothing)
    assert parts.writer.produces(generation_id)

    await writer.write(Completed(uuid4(), "stop"))
    await writer.flush()

    assert not parts.writer.produces(generation_id)
    await parts.close()


async def test_a_generation_moves_to_another_process(redis_url, make_log, produce, text_of) -> None:
    first, second = await make_log(redis_url), await make_log(redis_url)
    generation_id = uuid4()
    reader = first.follow(generation_id, None, alive)
    await produce(first, generation_id).say("lost")
    entries = [await anext(reader)]

    successor = produce(second, generation_id, attempt=2)
    await successor.writer.write(Started("model"))
    await successor.say("kept")
    await successor.writer.write(Completed(uuid4(), "stop"))
    async with asyncio.timeout(10):
        entries += [entry async for entry in reader]

    assert tuple(entries) == await second.read(generation_id)


async def test_a_reader_that_falls_far_behind_misses_nothing(redis_url, make_log, produce) -> None:
    log, generation_id = await make_log(redis_url), uuid4()
    reader = log.follow(generation_id, None, alive)
    speaker = produce(log, generation_id)
    await speaker.say("first ")
    entries = [await anext(reader)]

    for number in range(2 * PAGE + 10):
        await speaker.say(f"{number} ")
    await speaker.writer.write(Completed(uuid4(), "stop"))
    async with asyncio.timeout(10):
        entries += [entry async for entry in reader]

    assert tuple(entries) == await log.read(generation_id)
    assert len(entries) > 2 * PAGE


async def test_a_hundred_replies_at_once_stay_apart(redis_url, make_log, read_all, text_of, produce) -> None:
    log = await make_log(redis_url, silence=1.0)

    async def reply(number: int) -> None:
        generation_id = uuid4()
        reading = asyncio.create_task(read_all(log, generation_id))
        speaker = produce(log, generation_id)
        await speaker.writer.write(Accepted(uuid4()))
        for word in range(20):
            await speaker.say(f"{number}:{word} ", flush=False)
            await asyncio.sleep(0)
        await speaker.writer.write(Completed(uuid4(), "stop"))
        entries = await reading
        assert text_of(entries) == speaker.text
        assert entries[-1].position == Position(1, 22)

    await asyncio.gather(*(reply(number) for number in range(100)))


async def test_a_closed_remote_reader_leaves_no_task_and_no_blocking_read(
    valkey, make_log, produce, blocked_reads, until
) -> None:
    here, there = await make_log(valkey.url), await make_log(valkey.url, silence=FOREVER)
    generation_id = uuid4()
    await produce(here, generation_id).say("Hello")
    before = asyncio.all_tasks()
    reader = there.follow(generation_id, None, alive)
    await anext(reader)
    waiting = asyncio.create_task(anext(reader))
    await blocked_reads(1)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    async with asyncio.timeout(3):  # less than the blocking read waits by itself
        await blocked_reads(0)
    await until(lambda: asyncio.all_tasks() <= before)


async def test_a_log_lives_a_day_without_an_end_and_an_hour_after_it(redis_url, redis, make_log, produce) -> None:
    log, generation_id = await make_log(redis_url), uuid4()
    await produce(log, generation_id).say("Hello")
    assert 3600 < await redis.ttl(log_key(generation_id)) <= 24 * 3600

    await log.end(generation_id)

    assert 0 < await redis.ttl(log_key(generation_id)) <= 3600
