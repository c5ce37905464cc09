"""An event that cannot be handled ends in a dead letter that says why; everything else flows on."""

import asyncio
from uuid import uuid4

import pytest
from fakes.handlers import Recorder
from sqlalchemy import text

from adapters.sql.unit_of_work import SqlReads
from domain.audit.dead_letter import DeadLetterState
from domain.audit.dead_letters import DiscardDeadLetter, ListDeadLetters, RetryDeadLetter
from domain.identity.events import UserRegistered
from domain.shared.clock import system_clock
from domain.shared.errors import Unavailable
from domain.shared.pages import PageRequest
from workers.dead_letters import Retrier
from workers.handlers import HANDLERS

LETTERS = "SELECT * FROM dead_letter ORDER BY handler, version"

_HERE = "WHERE stream_id = :s AND version = 2"
BROKEN = {
    "UNKNOWN_EVENT_TYPE": f"UPDATE event_store SET type = 'conversation.evaporated' {_HERE}",
    "EVENT_TOO_NEW": f"UPDATE event_store SET schema_version = 9 {_HERE}",
    "EVENT_BROKEN": f"UPDATE event_store SET data = data - 'author' {_HERE}",
    "EVENT_TOO_LARGE": (
        f"UPDATE event_store SET data = data || jsonb_build_object('text', repeat('Anna ', 1000000)) {_HERE}"
    ),
}


@pytest.mark.parametrize("reason", BROKEN)
async def test_an_event_nobody_can_read_is_put_aside_at_its_first_try(world, talk, reason):
    one, other = talk(), talk()
    await world.record(one.started(), one.said(4), one.said(5), other.started(), other.said(6))
    await world.execute(BROKEN[reason], s=one.stream_id)
    await world.ring(one.stream_id, other.stream_id)
    async with world.consuming() as consumers:
        await world.quiet("practice_record", "practice")
        await world.quiet("audit_search", "practice")
    letters = await world.rows(LETTERS)
    # The audit trail is searched whatever the event says; only its size is too much for everybody.
    wanted = ["audit_search", "practice_record"] if reason == "EVENT_TOO_LARGE" else ["practice_record"]
    assert [letter.handler for letter in letters] == wanted
    for letter in letters:
        assert (letter.reason, letter.tries, letter.state) == (reason, 1, "dead")
        assert (letter.stream_id, letter.version) == (one.stream_id, 2)
        assert "Anna" not in letter.error
    words = {row.conversation_id: row.learner_words for row in await world.rows("SELECT * FROM practice_record")}
    assert words == {one.conversation_id: 5, other.conversation_id: 6}
    assert await world.rows("SELECT * FROM handler_failure") == []
    dead = {
        (sample.labels["handler"], sample.labels["reason"]): sample.value
        for metric in consumers.metrics.collect()
        for sample in metric.samples
        if sample.name == "fluentpro_dead_letters_total"
    }
    assert dead["practice_record", reason] == 1


@pytest.mark.parametrize("step", ["change", "write"])
async def test_an_event_that_makes_a_handler_raise_is_tried_five_times_and_the_rest_flows_on(world, talk, until, step):
    handler = Recorder(poison={7}, step=step)
    talks = [talk() for _ in range(30)]
    await world.tell(*(one.said(words) for one in talks for words in (1, 2)))
    await world.tell(talks[0].said(7), talks[0].said(8), talks[1].said(9))
    async with world.consuming(handlers=[handler]):
        await world.quiet("recorder", "practice")
    [letter] = await world.rows(LETTERS)
    assert (letter.reason, letter.tries, letter.version) == ("HANDLER_FAILED", 5, 3)
    assert letter.error == "ValueError: seven is too many"
    assert letter.type == "conversation.turn_added"
    assert await world.recorded(talks[0].stream_id) == [1, 2, 8]
    assert await world.recorded(talks[1].stream_id) == [1, 2, 9]
    for one in talks[2:]:
        assert await world.recorded(one.stream_id) == [1, 2]


async def test_a_try_is_seen_while_it_waits_for_the_next(world, talk, until):
    one, other = talk(), talk()
    await world.tell(one.said(7), other.said(1))
    handler = Recorder(poison={7})
    async with world.consuming(handlers=[handler], waits=(0, 3600)):

        async def failed() -> bool:
            return [row.tries for row in await world.rows("SELECT * FROM handler_failure")] == [1]

        await until(failed)
        await world.tell(one.said(1), other.said(2))

        async def others_go_on() -> bool:
            return await world.recorded(other.stream_id) == [1, 2] and await world.owed("recorder", "practice") == 2

        await until(others_go_on)
    [failure] = await world.rows("SELECT * FROM handler_failure")
    assert (failure.stream_id, failure.version, failure.reason) == (one.stream_id, 1, "HANDLER_FAILED")
    assert await world.recorded(one.stream_id) == []


async def test_what_the_database_says_of_an_events_values_stays_out_of_the_dead_letter(world, talk):
    one = talk()
    await world.record(one.started(), one.said())
    await world.execute(
        "UPDATE event_store SET data = data || '{\"words\": 99999999999}' WHERE stream_id = :s AND version = 2",
        s=one.stream_id,
    )
    await world.ring(one.stream_id)
    async with world.consuming():
        await world.quiet("practice_record", "practice")
    [letter] = await world.rows(LETTERS)
    assert letter.reason == "HANDLER_FAILED"
    assert "99999999999" not in letter.error
    assert "SQLSTATE" in letter.error or "DBAPIError" in letter.error


async def test_a_dead_letter_is_tried_again_at_its_place_once_somebody_wants_it(world, talk):
    one = talk()
    await world.tell(one.said(5), one.said(7), one.said(7), one.said(6))
    handler = Recorder(poison={7})
    async with world.consuming(handlers=[handler]):
        await world.quiet("recorder", "practice")
    assert await world.recorded(one.stream_id) == [5, 6]
    retrier = Retrier(world.connections, world.consumers().master_keys, system_clock, [handler])
    assert not await retrier.retry_next()
    letters = await world.rows(LETTERS)
    retry = RetryDeadLetter(world.work, system_clock)
    await retry(str(letters[0].id))
    assert await retrier.retry_next()
    [letter, _] = await world.rows(LETTERS)
    assert (letter.state, letter.tries, letter.reason) == ("dead", 6, "HANDLER_FAILED")
    assert await world.recorded(one.stream_id) == [5, 6]
    handler.poison.clear()
    await retry(str(letters[0].id))
    assert await retrier.retry_next()
    assert not await retrier.retry_next()
    assert [row.state for row in await world.rows(LETTERS)] == ["resolved", "dead"]
    assert await world.recorded(one.stream_id) == [5, 7, 6]


async def test_a_reaction_gets_the_one_event_again(world):
    registered = UserRegistered(user_id=uuid4(), email=None, full_name=None)
    await world.record(registered)
    await world.execute("UPDATE event_store SET schema_version = 9")
    await world.ring(registered.stream_id)
    async with world.consuming():
        await world.quiet("welcome_mail", "identity")
        await world.quiet("forget_person", "identity")
    [letter] = await world.rows("SELECT * FROM dead_letter WHERE handler = 'welcome_mail'")
    await world.execute("UPDATE event_store SET schema_version = 2")
    await RetryDeadLetter(world.work, system_clock)(str(letter.id))
    assert await Retrier(world.connections, world.consumers().master_keys, system_clock).retry_next()
    assert len(await world.rows("SELECT * FROM job")) == 1
    states = {row.handler: row.state for row in await world.rows(LETTERS)}
    assert states == {"welcome_mail": "resolved", "forget_person": "dead"}


async def test_a_dead_letter_of_a_handler_that_is_gone_stays_dead(world, talk):
    one = talk()
    await world.tell(one.said(7))
    async with world.consuming(handlers=[Recorder(poison={7})]):
        await world.quiet("recorder", "practice")
    [letter] = await world.rows(LETTERS)
    await RetryDeadLetter(world.work, system_clock)(str(letter.id))
    assert await Retrier(world.connections, world.consumers().master_keys, system_clock, HANDLERS).retry_next()
    [letter] = await world.rows(LETTERS)
    assert letter.state == "dead"
    assert letter.error == "LookupError: no handler is called recorder any more"


async def test_what_is_discarded_is_passed_over_from_then_on(world, talk):
    one = talk()
    await world.tell(one.said(7), one.said(6), one.said(7))
    handler = Recorder(poison={7})
    async with world.consuming(handlers=[handler]):
        await world.quiet("recorder", "practice")
    first, second = await world.rows(LETTERS)
    await DiscardDeadLetter(world.work, system_clock)(str(first.id))
    handler.poison.clear()
    await RetryDeadLetter(world.work, system_clock)(str(second.id))
    await Retrier(world.connections, world.consumers().master_keys, system_clock, [handler]).retry_next()
    assert await world.recorded(one.stream_id) == [6, 7]
    page = await ListDeadLetters(SqlReads(world.connections))(PageRequest(), frozenset(DeadLetterState))
    assert {(letter.version, letter.state) for letter in page.items} == {
        (1, DeadLetterState.DISCARDED),
        (3, DeadLetterState.RESOLVED),
    }


async def test_what_is_queued_is_tried_by_itself_and_a_database_in_the_way_queues_it_again(world, talk, until):
    class Busy(Recorder):
        times = 0

        async def write(self, connection, changes):
            Busy.times += 1
            if Busy.times == 1:
                await connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'so' USING ERRCODE = '40001'; END $$"))
            await super().write(connection, changes)

    one = talk()
    await world.tell(one.said(7))
    async with world.consuming(handlers=[Recorder(poison={7})]):
        await world.quiet("recorder", "practice")
    [letter] = await world.rows(LETTERS)
    await RetryDeadLetter(world.work, system_clock)(str(letter.id))
    retrier = Retrier(world.connections, world.consumers().master_keys, system_clock, [Busy()])
    with pytest.raises(Unavailable):
        await retrier.retry_next()
    assert [row.state for row in await world.rows(LETTERS)] == ["queued"]

    async def resolved() -> bool:
        return [row.state for row in await world.rows(LETTERS)] == ["resolved"]

    running = asyncio.create_task(retrier.run())
    await until(resolved)
    running.cancel()
    assert await world.recorded(one.stream_id) == [7]


class Slow(Recorder):
    """Takes a while for each change."""

    async def write(self, connection, changes):
        await asyncio.sleep(0.02 * len(changes))  # paces the handler: that is its fault
        await super().write(connection, changes)


async def test_a_slow_handler_is_given_fewer_events_at_a_time(world, talk, monkeypatch):
    """It may take 0.2 s, and takes 0.02 s an event: of 120 events all are handled, and none is put aside."""
    monkeypatch.setattr("workers.effect.WRITE_SECONDS", 0.2)
    talks = [talk() for _ in range(30)]
    await world.record(*(event for one in talks for event in (one.started(), one.said(1), one.said(2), one.said(3))))
    await world.ring(*(one.stream_id for one in talks))
    async with world.consuming(handlers=[Slow()]):
        await world.quiet("recorder", "practice")
    assert await world.rows(LETTERS) == []
    assert await world.rows("SELECT * FROM handler_failure") == []
    assert [row.words for row in await world.rows("SELECT * FROM recorded ORDER BY stream_id, number")] == [
        1,
        2,
        3,
    ] * 30
