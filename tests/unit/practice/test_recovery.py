"""Replies whose producer is gone."""

import asyncio
from dataclasses import replace

import pytest
from fakes.practice import FakeChatModel, FakeRunner

from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.log import Fenced
from domain.practice.model import GenerationStatus
from domain.practice.ports import Checkpoint
from domain.practice.recovery import RecoverReply, said
from domain.practice.reply import (
    Accepted,
    Cancelled,
    Completed,
    Failed,
    LogEntry,
    Position,
    Reset,
    Snapshot,
    Started,
    TextDelta,
    cursor,
)

STOP = Finish(FinishReason.STOP)


@pytest.fixture
async def dead(app, clock):
    """Make a reply whose producer died after it had written some words and checkpointed others."""

    async def make(*words: str, checkpoint: str = ""):
        held = await app.leases.take_to_produce(await app.queue(), "dead-model")
        writer = app.log.writer(held.id, held.attempt, None)
        for event in (Accepted(held.turn_id), Started("dead-model"), *map(TextDelta, words)):
            await writer.write(event)
        held = await app.leases.renew(held, Checkpoint(checkpoint, writer.last_sequence))
        clock.advance(seconds=16)
        return held, writer

    return make


async def last_turn(app):
    return max(app.store.state.turns.values(), key=lambda turn: turn.position)


async def test_a_reply_that_said_nothing_is_produced_again(app, dead) -> None:
    app.model = FakeChatModel(Delta("Here I am."), STOP)
    held, _ = await dead()
    assert await app.sweeper.sweep() == 1
    events = [entry.event for entry in await app.read(held)]
    assert Reset("INTERRUPTED") in events
    assert isinstance(events[-1], Completed)
    assert (await app.stored(held)).attempt == 2


async def test_a_queued_reply_that_nobody_took_is_produced(app, clock) -> None:
    generation = await app.queue()
    app.model = FakeChatModel(Delta("At last."), STOP)
    assert await app.sweeper.sweep() == 0
    clock.advance(seconds=6)
    assert await app.sweeper.sweep() == 1
    await app.read(generation)
    assert (await last_turn(app)).text == "At last."


async def test_a_reply_that_had_begun_fails_with_what_was_said_and_without_a_reset(app, dead) -> None:
    held, _ = await dead("I was ", "say", checkpoint="I was ")
    before = await app.log.read(held.id)
    await app.sweeper.sweep()
    turn = await last_turn(app)
    entries = await app.read(held)
    assert tuple(entries[:-2]) == before
    failed = Failed("INTERRUPTED", "The reply was interrupted.", True, turn.id)
    assert entries[-2:] == [
        LogEntry(Position(2, 1), 1, Snapshot("I was say")),
        LogEntry(Position(2, 2), 2, failed),
    ]
    assert (turn.text, turn.partial) == ("I was say", True)
    stored = await app.stored(held)
    assert (stored.status, stored.failure_reason, stored.model) == (
        GenerationStatus.FAILED,
        "INTERRUPTED",
        "dead-model",
    )
    assert app.model.requests == []


async def test_the_failed_reply_reads_the_same_from_the_database(app, dead) -> None:
    held, _ = await dead("I was say")
    await app.sweeper.sweep()
    entries = await app.read(held)
    app.log.lose(held.id)
    snapshot, last = await app.read(held)
    assert (snapshot.event, last) == (Snapshot("I was say"), entries[-1])
    assert await app.read(held, entries[-3].position) == [snapshot, last]
    assert await app.read(held, snapshot.position) == [last]
    assert await app.read(held, last.position) == []


async def test_who_had_read_more_than_the_log_still_holds_is_put_right(app, dead) -> None:
    held, _ = await dead("I was say")
    await app.sweeper.sweep()
    lost = Position(1, 99)
    entries = [entry async for entry in app.resume_reply(app.user_id, str(held.id), cursor(held.id, lost))]
    assert [type(entry.event) for entry in entries] == [Snapshot, Failed]


async def test_the_zombie_can_write_no_more(app, dead) -> None:
    _, writer = await dead("I was say")
    await app.sweeper.sweep()
    with pytest.raises(Fenced):
        await writer.write(TextDelta("ing"))


async def test_a_cancelled_reply_ends_as_cancelled(app, dead, clock) -> None:
    held, _ = await dead("I was say")
    async with app.store.work() as work:
        await work.generations.request_cancel(held.id, clock())
        await work.commit()
    await app.sweeper.sweep()
    turn = await last_turn(app)
    assert (await app.read(held))[-1].event == Cancelled(turn.id)
    assert turn.text == "I was say"


async def test_a_lapsed_reply_is_cancelled_by_its_learner_without_the_sweeper(app, dead) -> None:
    held, _ = await dead("I was say")
    stopped = await app.cancel_reply(app.user_id, str(held.id))
    assert stopped.status is GenerationStatus.CANCELLED


async def test_when_log_and_producer_are_lost_the_checkpoint_is_kept_and_told(app, dead) -> None:
    held, _ = await dead("I was ", "say", checkpoint="I was ")
    app.log.lose(held.id)
    await app.sweeper.sweep()
    events = [entry.event for entry in await app.read(held)]
    assert events[:2] == [Accepted(held.turn_id), Snapshot("I was ")]
    assert isinstance(events[2], Failed)
    assert (await last_turn(app)).text == "I was "


async def test_while_the_log_does_not_answer_nothing_is_produced_twice(app, dead) -> None:
    held, _ = await dead("I was ", "say", checkpoint="I was ")
    app.log.available = False
    await app.sweeper.sweep()
    assert app.model.requests == []
    events = [entry.event for entry in await app.read(held)]
    assert events[0] == Snapshot("I was ")
    assert events[1].reason == "INTERRUPTED"


async def test_what_was_checkpointed_after_the_log_was_away_is_kept(app, dead) -> None:
    await dead("I was ", checkpoint="I was saying ")
    await app.sweeper.sweep()
    assert (await last_turn(app)).text == "I was saying "


async def test_when_the_producer_went_on_without_the_log_nothing_is_produced_twice(app, dead, clock) -> None:
    held, writer = await dead()
    held = replace(held, last_sequence=writer.last_sequence + 1)
    app.store.state.generations[held.id] = held
    await app.sweeper.sweep()
    assert app.model.requests == []
    assert (await app.stored(held)).failure_reason == "INTERRUPTED"


async def test_a_reply_that_nobody_took_is_produced_without_the_log_too(app, clock) -> None:
    generation = await app.queue()
    app.log.available = False
    runner = FakeRunner()
    await RecoverReply(app.log, app.leases, app.finish, runner)(generation)
    assert runner.started == [generation]


async def test_a_reply_that_ends_its_producers_fails_after_three(app, dead, clock) -> None:
    held, _ = await dead()
    for _ in range(2):
        held = await app.leases.take_to_produce(held, "m")
        clock.advance(seconds=16)
    await app.sweeper.sweep()
    assert app.model.requests == []
    assert (await app.stored(held)).status is GenerationStatus.FAILED


async def test_two_sweepers_end_a_reply_once(app, dead) -> None:
    held, _ = await dead("I was say")
    await asyncio.gather(app.sweeper.sweep(), app.sweeper.sweep())
    assert [type(entry.event) for entry in await app.read(held)].count(Failed) == 1
    assert len(app.store.state.turns) == 3


async def test_a_reply_that_is_alive_is_left_alone(app, clock) -> None:
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    clock.advance(seconds=14)
    assert await app.sweeper.sweep() == 0
    assert (await app.stored(generation)).attempt == 1


async def test_one_replys_trouble_does_not_keep_the_others_waiting(app, dead, caplog) -> None:
    first, _ = await dead("One")
    second, _ = await dead("Two")
    sweeper = replace(app.sweeper, recover=Stumbling(app.recover, first.id))
    await sweeper.sweep()
    assert (await app.stored(second)).has_ended
    assert str(first.id) in caplog.text


class Stumbling:
    """Recovers all but one."""

    def __init__(self, recover: RecoverReply, wrong) -> None:
        self._recover = recover
        self._wrong = wrong

    async def __call__(self, generation) -> None:
        if generation.id == self._wrong:
            raise ValueError
        await self._recover(generation)


async def test_the_sweeper_goes_on_when_the_database_is_back(app, dead) -> None:
    held, _ = await dead("One")
    sweeps = 0

    async def pause(_seconds: float) -> None:
        nonlocal sweeps
        sweeps += 1
        app.store.available = True
        if sweeps == 2:
            raise asyncio.CancelledError

    app.store.available = False
    with pytest.raises(asyncio.CancelledError):
        await replace(app.sweeper, pause=pause).run()
    assert (await app.stored(held)).has_ended


async def test_only_the_sweepers_own_runner_is_asked(app, dead) -> None:
    held, _ = await dead()
    runner = FakeRunner()
    await RecoverReply(app.log, app.leases, app.finish, runner)(held)
    assert runner.started == [held]
    assert (await app.stored(held)).attempt == 1


def test_a_readers_text_is_what_came_since_the_last_reset_or_snapshot() -> None:
    def text(*events) -> str:
        return said(LogEntry(Position(1, place), place, event) for place, event in enumerate(events, 1))

    assert text(Started("m"), TextDelta("a"), TextDelta("b")) == "ab"
    assert text(TextDelta("a"), Reset("INTERRUPTED"), TextDelta("b")) == "b"
    assert text(TextDelta("a"), Snapshot("xyz"), TextDelta("!")) == "xyz!"
    assert text() == ""
