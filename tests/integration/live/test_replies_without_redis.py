"""Redis dies, stops, or comes back: replies go on for readers in their own process, and nobody sees a word twice."""

import asyncio
import signal
import time
from itertools import pairwise
from uuid import uuid4

import pytest

from adapters.live import local_log
from domain.practice.log import Fenced, LogUnavailable
from domain.practice.reply import Accepted, Completed, Position, Reset, Snapshot, Started, TextDelta, TokenUsage

WORDS = [f"word{number} " for number in range(20)]


def end() -> Completed:
    return Completed(uuid4(), "stop")


async def nothing() -> str:
    return ""


async def say_all(speaker, *events, words=WORDS) -> None:
    for event in events:
        await speaker.writer.write(event)
    await speaker.say(*words)
    await speaker.writer.write(TokenUsage(1, 2))
    await speaker.writer.write(end())
    await speaker.writer.flush()


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_reply_that_begins_without_redis_says_degraded_and_reaches_its_readers_within_two_seconds(
    *, valkey, make_surviving, read_all, text_of, produce, fault
) -> None:
    log = await make_surviving(valkey.url)
    valkey.signal(fault)
    for most in (2.0, 0.5):  # the second reply knows of the outage
        speaker, started = produce(log, uuid4()), time.monotonic()
        speaking = asyncio.create_task(say_all(speaker, Accepted(uuid4()), Started("model")))
        entries = await read_all(log, speaker.generation_id)
        assert time.monotonic() - started < most
        await speaking
        assert entries[1].event == Started("model", degraded=True)
        assert text_of(entries) == "".join(WORDS)
        assert isinstance(entries[-1].event, Completed)
        assert all(one.position < other.position for one, other in pairwise(entries))
        assert speaker.writer.last_sequence == entries[-1].position.sequence
    valkey.kill()


async def test_a_reply_that_loses_redis_in_the_middle_goes_on(
    valkey, make_surviving, read_all, text_of, produce
) -> None:
    log = await make_surviving(valkey.url)
    speaker = produce(log, uuid4())
    reading = asyncio.create_task(read_all(log, speaker.generation_id))
    await speaker.writer.write(Started("model"))
    await speaker.say("Hello, ")
    seen = speaker.writer.last_sequence
    valkey.kill()
    newcomer = asyncio.create_task(read_all(log, speaker.generation_id))

    await say_all(speaker)

    for entries in (await reading, await newcomer, await read_all(log, speaker.generation_id, Position(1, seen))):
        assert text_of(entries) == "Hello, " + "".join(WORDS)
        assert isinstance(entries[-1].event, Completed)
        assert all(one.position < other.position for one, other in pairwise(entries))
    assert Started("model") in [entry.event for entry in reading.result()]
    assert speaker.recoveries == 1


async def test_while_nothing_is_said_readers_are_told_all_the_same(valkey, make_surviving, produce) -> None:
    """The model thinks for long, and the producer does not call meanwhile."""
    log = await make_surviving(valkey.url)
    valkey.kill()
    speaker = produce(log, uuid4())
    await speaker.writer.write(Accepted(turn := uuid4()))
    reader = log.follow(speaker.generation_id, None, alive)
    async with asyncio.timeout(2):
        assert (await anext(reader)).event == Accepted(turn)
    await reader.aclose()


async def alive() -> bool:
    return True


@pytest.mark.parametrize("with_data", [True, False])
async def test_a_reply_goes_back_to_redis_once_it_is_there_again(
    *, valkey, make_surviving, own_redis, read_all, text_of, produce, until, with_data
) -> None:
    log, remote = await make_surviving(valkey.url), await make_surviving(valkey.url)
    speaker = produce(log, uuid4())
    reading = [asyncio.create_task(read_all(process, speaker.generation_id)) for process in (log, remote)]
    await speaker.say("Hello, ")
    valkey.kill()
    await speaker.say("in the meantime, ")
    await valkey.start()
    if not with_data:
        await own_redis.flushall()

    async def is_back() -> bool:
        speaker.text += "again "
        await speaker.writer.write(TextDelta("again "))
        return bool(await own_redis.exists(f"fp:gen:{{{speaker.generation_id}}}:log")) and len(log.local) == 0

    await until(is_back)
    await say_all(speaker)

    for reader in reading:
        entries = await reader
        assert text_of(entries) == speaker.text
        assert isinstance(entries[-1].event, Completed)
        assert all(one.position < other.position for one, other in pairwise(entries))
    for entry in reading[0].result()[:-1]:  # every cursor that was sent, on another device
        assert await remote.holds(speaker.generation_id, entry.position) is True
        assert isinstance((await read_all(remote, speaker.generation_id, entry.position))[-1].event, Completed)
    assert text_of(list(await remote.read(speaker.generation_id))) == speaker.text


async def test_a_server_that_refuses_writes_is_away(valkey, own_redis, make_surviving, read_all, produce) -> None:
    log = await make_surviving(valkey.url)
    await own_redis.config_set("maxmemory", "1")
    speaker = produce(log, uuid4())
    await say_all(speaker, Started("model"))
    assert (await read_all(log, speaker.generation_id))[0].event == Started("model", degraded=True)


async def test_a_second_attempt_begins_with_its_reset(valkey, make_surviving, read_all, text_of, produce) -> None:
    log = await make_surviving(valkey.url)
    valkey.kill()
    speaker = produce(log, uuid4(), attempt=2)
    await say_all(speaker, Reset("INTERRUPTED"), Accepted(uuid4()), Started("model"))
    entries = await read_all(log, speaker.generation_id)
    assert [type(entry.event) for entry in entries[:3]] == [Reset, Accepted, Started]
    assert text_of(entries) == "".join(WORDS)


async def test_who_has_lost_the_lease_does_not_go_on_without_redis(valkey, make_surviving, until) -> None:
    log, generation_id = await make_surviving(valkey.url), uuid4()

    async def lost() -> str:
        raise Fenced

    writer = log.writer(generation_id, 1, lost)
    valkey.kill()
    await writer.write(Accepted(uuid4()))
    with pytest.raises(Fenced):
        await writer.flush()
    with pytest.raises(Fenced):
        await writer.write(Started("model"))
    assert len(log.local) == 0


async def test_memory_is_given_back_when_the_readers_of_a_reply_have_gone(
    *, valkey, make_surviving, produce, until, monkeypatch
) -> None:
    monkeypatch.setattr(local_log, "LINGERING_SECONDS", 0.1)
    log = await make_surviving(valkey.url)
    valkey.kill()
    speaker, broken_off = produce(log, uuid4()), produce(log, uuid4())
    await say_all(speaker)
    await broken_off.say("Hello")
    reader = log.follow(speaker.generation_id, None, alive)
    await anext(reader)
    assert len(log.local) == 2
    broken_off.writer.close()
    speaker.writer.close()
    assert len(log.local) == 1
    with pytest.raises(LogUnavailable):
        await speaker.say("more")

    await reader.aclose()
    await until(lambda: len(log.local) == 0)
    with pytest.raises(LogUnavailable):
        await log.read(speaker.generation_id)


async def test_a_reader_that_takes_too_long_is_left_to_the_database(
    valkey, make_surviving, produce, until, monkeypatch
) -> None:
    monkeypatch.setattr(local_log, "KEPT_SECONDS", 0.5)
    log = await make_surviving(valkey.url)
    valkey.kill()
    speaker = produce(log, uuid4())
    await say_all(speaker)
    reader = log.follow(speaker.generation_id, None, alive)
    await anext(reader)
    await until(lambda: len(log.local) == 0)
    await reader.aclose()


async def test_a_long_reply_is_kept_as_a_snapshot(valkey, make_surviving, read_all, text_of, produce) -> None:
    log = await make_surviving(valkey.url)
    valkey.kill()
    speaker = produce(log, uuid4())
    words = [f"{number} " for number in range(3 * local_log.MOST_ENTRIES)]
    await speaker.say("first ")
    sent = Position(1, speaker.writer.last_sequence)
    await say_all(speaker, words=words)
    for after in (None, sent):
        entries = await read_all(log, speaker.generation_id, after)
        assert isinstance(entries[0].event, Snapshot)
        assert text_of(entries) == "first " + "".join(words)
    assert len(entries) <= local_log.MOST_ENTRIES
    assert await log.holds(speaker.generation_id, sent) is True
    assert await log.holds(speaker.generation_id, Position(1, 99_999)) is False
