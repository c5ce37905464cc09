"""Servers that die, stop, lose their data or refuse: replies go on where they can, and say so where they cannot."""

import asyncio
import signal
import time
from uuid import UUID, uuid4

import pytest

from adapters.live import generation_writer
from adapters.live.connection import connect
from adapters.live.follow import Follower
from adapters.live.keys import log_key
from adapters.live.log_hub import LogHub
from adapters.live.log_reader import LogReader
from adapters.live.log_writer import LogWriter
from adapters.live.pipe import Pipe
from adapters.live.silences import Silences
from domain.practice.log import Fenced, LogUnavailable
from domain.practice.reply import Accepted, Completed, LogEntry, Position, Reset, Snapshot, TextDelta

WORDS = [f"word{number} " for number in range(60)]


async def alive() -> bool:
    return True


async def nothing() -> str:
    return ""


class AnswersLost(Pipe):
    """Its first commands are carried out, and then the connection breaks before the answer."""

    def __init__(self, url: str, times: int) -> None:
        super().__init__(url)
        self.times = times

    async def send(self, commands):
        answers = await super().send(commands)
        if self.times:
            self.times -= 1
            raise ConnectionResetError("The answer was lost.")
        return answers


async def test_an_entry_that_landed_though_its_answer_was_lost_is_not_written_twice(redis_url) -> None:
    redis, generation_id = connect(redis_url, 4), uuid4()
    delivered = []
    losing = AnswersLost(redis_url, times=2)
    writer = LogWriter(losing, LogReader(redis), lambda _generation, entry: delivered.append(entry))
    writer.start()
    generation = writer.open(generation_id, 1, nothing)
    events = [Accepted(uuid4()), TextDelta("Hello"), Completed(uuid4(), "stop")]

    async with asyncio.timeout(5):
        for event in events:
            await generation.write(event)
            await generation.flush()

    entries = await LogReader(redis).all(generation_id)
    assert losing.times == 0
    assert [entry.event for entry in entries] == events
    assert tuple(delivered) == entries
    await writer.close()
    await redis.aclose()


async def test_a_reply_goes_on_over_a_killed_and_restarted_server(
    *, valkey, make_log, read_all, text_of, produce, until
) -> None:
    log, remote, generation_id = await make_log(valkey.url), await make_log(valkey.url), uuid4()
    speaker = produce(log, generation_id)
    reading = [asyncio.create_task(read_all(process, generation_id)) for process in (log, remote)]

    async def speak() -> None:
        await speaker.writer.write(Accepted(uuid4()))
        for word in WORDS:
            await speaker.say(word, flush=False)
            await asyncio.sleep(0.005)  # paces the speaker, as a model does
        await speaker.writer.write(Completed(uuid4(), "stop"))
        await speaker.writer.flush()

    speaking = asyncio.create_task(speak())
    await until(lambda: speaker.writer.last_sequence >= 10)
    await valkey.restart()
    await speaking

    stored = await log.read(generation_id)
    for reader in reading:
        assert tuple(await reader) == stored
    assert text_of(stored) == "".join(WORDS)
    assert speaker.recoveries == 0


async def test_a_reply_goes_on_over_a_server_that_lost_everything(
    valkey, own_redis, make_log, text_of, produce
) -> None:
    log, generation_id = await make_log(valkey.url), uuid4()
    reader = log.follow(generation_id, None, alive)
    speaker = produce(log, generation_id)
    await speaker.say("Good ")
    entries = [await anext(reader)]

    await own_redis.flushall()
    await speaker.say("morning", "!")
    await speaker.writer.write(Completed(uuid4(), "stop"))
    async with asyncio.timeout(5):
        entries += [entry async for entry in reader]

    assert text_of(entries) == "Good morning!"
    assert speaker.recoveries == 1
    snapshots = [entry for entry in await log.read(generation_id) if isinstance(entry.event, Snapshot)]
    assert len(snapshots) == 1


async def test_a_log_that_came_back_shorter_is_mended_with_a_snapshot(
    *, valkey, own_redis, make_log, read_all, text_of, produce
) -> None:
    """A failover to a replica, or a power cut: the key is there, but its last entries are not."""
    log, generation_id = await make_log(valkey.url), uuid4()
    speaker = produce(log, generation_id)
    await speaker.say("one ")
    older = await own_redis.dump(log_key(generation_id))
    await speaker.say("two ")
    sent = Position(1, speaker.writer.last_sequence)

    await own_redis.restore(log_key(generation_id), 0, older, replace=True)
    await own_redis.client_kill_filter(_type="normal", skipme=True)
    await speaker.say("three")
    await speaker.writer.write(Completed(uuid4(), "stop"))

    assert text_of(await read_all(log, generation_id)) == "one two three"
    assert speaker.recoveries == 1
    assert await log.holds(generation_id, sent) is True
    assert text_of(await read_all(log, generation_id, sent)) == "one two three"


class RefusalsCounted(LogReader):
    """Counts the pages that it could not get."""

    refusals = 0

    async def page(self, generation_id: UUID, after: Position) -> list[LogEntry]:
        try:
            return await super().page(generation_id, after)
        except LogUnavailable:
            type(self).refusals += 1
            raise


async def test_a_reader_under_way_bears_with_an_outage(valkey, produce, make_log, until) -> None:
    log, redis, generation_id = await make_log(valkey.url), connect(valkey.url, 2), uuid4()
    hub = LogHub(valkey.url, redis)
    follower = Follower(RefusalsCounted(redis), hub, hub.watch, generation_id, alive, silences=Silences(0.01))
    reader, speaker = follower.entries(), produce(log, generation_id)
    await speaker.say("Hello")
    await anext(reader)
    coming = asyncio.ensure_future(anext(reader))

    valkey.kill()
    await until(lambda: RefusalsCounted.refusals > 1)
    await valkey.start()
    await speaker.say(" again")

    async with asyncio.timeout(5):
        assert (await coming).event == TextDelta(" again")
    await reader.aclose()
    await redis.aclose()


async def test_a_dead_server_is_reported_soon_and_harms_only_who_waited_for_it(
    valkey, make_log, read_all, produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_writer, "PATIENCE", 0.4)
    log, waiting, idle = await make_log(valkey.url), uuid4(), uuid4()
    speakers = [produce(log, generation_id) for generation_id in (waiting, idle)]
    for speaker in speakers:
        await speaker.say("Hello")

    valkey.kill()
    async with asyncio.timeout(3):
        with pytest.raises(LogUnavailable):
            await speakers[0].say(" again")
        with pytest.raises(LogUnavailable):
            await speakers[0].writer.write(TextDelta("and again"))

    await valkey.start()
    await speakers[1].say(" again")
    await speakers[1].writer.write(Completed(uuid4(), "stop"))
    assert len(await read_all(log, idle)) == 3
    newcomer = produce(log, later := uuid4())
    await newcomer.say("Hi")
    assert len(await log.read(later)) == 1


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
async def test_every_read_of_a_server_that_does_not_answer_ends_within_two_seconds(
    valkey, make_log, read_all, produce, fault: signal.Signals
) -> None:
    log, generation_id = await make_log(valkey.url), uuid4()
    await produce(log, generation_id).say("Hello")
    valkey.signal(fault)
    calls = [
        read_all(log, generation_id),
        log.read(generation_id),
        log.holds(generation_id, Position(1, 1)),
        log.end(generation_id),
    ]

    started = time.monotonic()
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(result) for result in results] == [LogUnavailable] * len(calls)
    assert time.monotonic() - started < 2
    valkey.kill()


async def test_a_server_out_of_memory_is_borne_with(valkey, own_redis, make_log, produce, until) -> None:
    log, generation_id = await make_log(valkey.url), uuid4()
    speaker = produce(log, generation_id)
    await own_redis.config_set("maxmemory", "1")
    refused = asyncio.create_task(speaker.say("Hello"))

    async def was_refused() -> bool:
        return "errorstat_OOM" in await own_redis.info("errorstats")

    await until(was_refused)

    await own_redis.config_set("maxmemory", "0")
    await refused

    assert [entry.event for entry in await log.read(generation_id)] == [TextDelta("Hello")]


async def test_a_server_that_refuses_for_too_long_ends_the_writer(
    valkey, own_redis, make_log, produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_writer, "PATIENCE", 0.1)
    log = await make_log(valkey.url)
    await own_redis.config_set("maxmemory", "1")

    with pytest.raises(LogUnavailable):
        await produce(log, uuid4()).say("Hello")


async def test_a_zombie_that_sleeps_through_an_outage_is_fenced(valkey, make_log, produce) -> None:
    zombie_process, process, generation_id = await make_log(valkey.url), await make_log(valkey.url), uuid4()
    zombie = produce(zombie_process, generation_id)
    await zombie.say("Hello")
    await valkey.restart()
    successor = produce(process, generation_id, attempt=2)
    await successor.writer.write(Reset("INTERRUPTED"))
    await successor.say("Hi")
    before = await process.read(generation_id)

    with pytest.raises(Fenced):
        await zombie.say(" again")

    assert await process.read(generation_id) == before


async def test_a_recovery_that_fails_is_told_to_the_producer(redis_url, redis, make_log) -> None:
    log, generation_id = await make_log(redis_url), uuid4()

    async def recover() -> str:
        raise ArithmeticError("The database is gone.")

    writer = log.writer(generation_id, 1, recover)
    await writer.write(TextDelta("Hello"))
    await writer.flush()
    await redis.delete(log_key(generation_id))

    with pytest.raises(ArithmeticError):
        await writer.write(TextDelta(" again"))
        await writer.flush()


async def test_closing_fails_the_writers_that_are_left(valkey, make_log, produce) -> None:
    log = await make_log(valkey.url)
    speaker = produce(log, uuid4())
    await speaker.say("Hello")
    valkey.signal(signal.SIGSTOP)
    saying = asyncio.create_task(speaker.say(" again"))
    await asyncio.sleep(0)

    await log.close()

    with pytest.raises(LogUnavailable):
        await saying
    with pytest.raises(LogUnavailable):
        await log.writer(uuid4(), 1, nothing).write(TextDelta("too late"))


async def test_a_remote_reader_outlives_its_connection(valkey, own_redis, make_log, produce, blocked_reads) -> None:
    here, there, generation_id = await make_log(valkey.url), await make_log(valkey.url, silence=60), uuid4()
    speaker, reader = produce(here, generation_id), there.follow(generation_id, None, alive)
    await speaker.say("Hello")
    await anext(reader)
    coming = asyncio.ensure_future(anext(reader))
    await blocked_reads(1)

    await own_redis.client_kill_filter(_type="normal", skipme=True)
    await speaker.say(" again")

    async with asyncio.timeout(3):
        assert (await coming).event == TextDelta(" again")
    await reader.aclose()
