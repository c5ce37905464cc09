"""How far handlers are behind, what follows for the outbox, and making a projection anew."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import typer
from fakes.handlers import Recorder
from fakes.master_keys import MASTER_KEYS

from adapters.sql.event_store import EventAppender
from adapters.sql.lag import advance_watermarks, forget_passed, lags, republish_unpassed, unpublished, watermark
from adapters.sql.personal_fields import Sealer
from domain.identity.events import SessionCreated, UserDeleted
from domain.onboarding.events import OnboardingReset, OnboardingStarted
from domain.shared.origin import current_origin
from server.lag_command import lines as lag_lines
from server.replay_command import find
from workers.handlers import HANDLERS, INTERESTS
from workers.replay import Replay

RECORDER = {"recorder": frozenset({"conversation"})}


async def lag_of(world, handlers=RECORDER):
    async with world.connections.reading() as connection:
        return {each.handler: each for each in await lags(connection, handlers)}


async def advance(world, handlers=RECORDER):
    async with world.connections.transaction() as connection:
        await advance_watermarks(connection, handlers)
        await connection.commit()
    async with world.connections.reading() as connection:
        return {handler: await watermark(connection, handler) for handler in handlers}


async def handle_all(world, handler):
    async with world.consuming(handlers=[handler]):
        await world.quiet(handler.name, "practice")


async def test_a_handler_is_behind_by_the_events_of_its_own_kinds(world, talk, until):
    one, session = talk(), uuid4()
    await world.record(one.said(), one.said(), SessionCreated(session_id=session, user_id=uuid4()))
    behind = (await lag_of(world))["recorder"]
    assert (behind.behind, behind.tried, behind.dead) == (2, 0, 0)
    assert 0 <= behind.oldest_seconds < 60
    await world.ring(one.stream_id)
    await handle_all(world, Recorder())
    passed = (await lag_of(world))["recorder"]
    assert (passed.behind, passed.oldest_seconds) == (0, 0)


async def test_an_event_from_a_clock_ahead_has_waited_for_no_time(world, talk):
    await world.record(talk().said())
    await world.execute("UPDATE event_store SET occurred_at = now() + interval '1 hour'")
    assert (await lag_of(world))["recorder"].oldest_seconds == 0


async def test_a_watermark_rises_to_the_first_event_not_passed(world, talk):
    one, other = talk(), talk()
    await world.tell(one.said(), one.said())
    await handle_all(world, Recorder())
    await world.record(SessionCreated(session_id=uuid4(), user_id=uuid4()))
    await world.record(other.said(), other.said())
    assert await advance(world) == {"recorder": 3}
    await world.ring(other.stream_id)
    await handle_all(world, Recorder())
    assert await advance(world) == {"recorder": 5}
    assert await advance(world) == {"recorder": 5}


async def test_a_watermark_waits_for_transactions_under_way(world, talk):
    one, other = talk(), talk()
    async with world.work() as work:
        work.record(one.said())
        await _append_without_commit(work)
        await world.record(other.said())
        await world.ring(other.stream_id)
        await handle_all(world, Recorder())
        assert (await advance(world))["recorder"] == 0
        await work.commit()
    assert (await advance(world))["recorder"] == 0
    assert (await lag_of(world))["recorder"].behind == 1


async def _append_without_commit(work):
    events, work._events = work._events, []
    now = datetime.now(UTC)
    await EventAppender(work._connection, Sealer(work._connection, MASTER_KEYS)).append(
        events, {}, current_origin.get(), now
    )


async def test_what_some_handler_has_not_passed_is_published_again(world, talk):
    one, other = talk(), talk()
    await world.tell(one.said(), one.said())
    await handle_all(world, Recorder())
    await world.record(other.said(), SessionCreated(session_id=uuid4(), user_id=uuid4()))
    await world.execute("UPDATE outbox SET published_at = now()")
    both = RECORDER | {"sessions": frozenset({"session"})}
    async with world.connections.transaction() as connection:
        assert await republish_unpassed(connection, both) == 2
        await connection.commit()
    waiting = await world.rows("SELECT position FROM outbox WHERE published_at IS NULL ORDER BY position")
    assert [row.position for row in waiting] == [3, 4]
    async with world.connections.reading() as connection:
        assert (await unpublished(connection))[0] == 2


async def test_old_announcements_are_forgotten_once_everybody_has_passed_them(world, talk):
    one = talk()
    await world.tell(one.said(), one.said())
    await world.execute("UPDATE outbox SET published_at = now() - interval '8 days'")
    await world.record(one.said())
    old = datetime.now(UTC) - timedelta(days=7)

    async def forget(handlers) -> int:
        async with world.connections.transaction() as connection:
            count = await forget_passed(connection, handlers, old)
            await connection.commit()
        return count

    assert await forget(RECORDER) == 0
    await world.ring(one.stream_id)
    await handle_all(world, Recorder())
    await advance(world)
    assert await forget(RECORDER | {"another": frozenset({"conversation"})}) == 0
    assert await forget(RECORDER) == 2


async def test_a_new_handler_gets_everything_there_ever_was(world, talk, until):
    talks = [talk() for _ in range(1_200)]
    await world.record(*(one.said() for one in talks))  # and nobody tells of it any more

    async def all_recorded() -> bool:
        return (await world.rows("SELECT count(*) AS n FROM recorded"))[0].n == 1_200

    async with world.consuming(handlers=[Recorder()]):
        await until(all_recorded)
    assert await world.rows("SELECT * FROM handler_failure") == []


async def test_a_replay_makes_the_same_rows_anew(world, talk):
    talks = [talk() for _ in range(3)]
    await world.tell(*(each for one in talks for each in (one.started(), one.said(4), one.ended())))
    async with world.consuming():
        await world.quiet("practice_record", "practice")
    made = "SELECT * FROM practice_record ORDER BY conversation_id"
    rows = await world.rows(made)
    await world.execute("UPDATE practice_record SET learner_words = 99")
    projection = find("practice_record")
    replay = Replay(world.connections, projection, MASTER_KEYS)
    done = [each async for each in replay(talks[0].stream_id)]
    assert [(each.stream_id, each.events, each.error) for each in done] == [(talks[0].stream_id, 3, None)]
    assert sorted(row.learner_words for row in await world.rows(made)) == [4, 99, 99]
    assert sum([each.events async for each in replay()]) == 9
    assert await world.rows(made) == rows


@pytest.mark.parametrize("name", ["audit_search", "onboarding_record", "practice_record"])
async def test_every_projection_can_be_made_anew(world, talk, name):
    one = talk()
    await world.tell(
        one.started(), one.said(), OnboardingStarted(user_id=one.user_id), OnboardingReset(user_id=one.user_id)
    )
    async with world.consuming():
        await world.quiet(name, "practice" if name != "onboarding_record" else "onboarding")
        await world.quiet(name, "onboarding" if name != "practice_record" else "practice")
    made = f"SELECT * FROM {name} ORDER BY 1"
    rows = await world.rows(made)
    assert rows
    remade = [each async for each in Replay(world.connections, find(name), MASTER_KEYS)()]
    assert all(each.error is None for each in remade)
    assert await world.rows(made) == rows


async def test_a_stream_that_cannot_be_made_anew_is_left_as_it_was(world, talk):
    one, other = talk(), talk()
    await world.tell(one.said(1), one.said(7), other.said(2))
    handler = Recorder()
    await handle_all(world, handler)
    handler.poison = {7}
    remade = {each.stream_id: each async for each in Replay(world.connections, handler, MASTER_KEYS)()}
    assert remade[one.stream_id].error == "ValueError: seven is too many"
    assert remade[other.stream_id].events == 1
    assert await world.recorded(one.stream_id) == [1, 7]


async def test_nobody_who_was_erased_comes_back_by_a_replay(world, talk):
    one = talk()
    await world.tell(one.started(), one.said())
    async with world.consuming():
        await world.quiet("practice_record", "practice")
        await world.execute("INSERT INTO erased_user VALUES (:gone, now())", gone=one.user_id)
        await world.tell(UserDeleted(user_id=one.user_id))
        await world.quiet("forget_person", "identity")
    assert [each async for each in Replay(world.connections, find("practice_record"), MASTER_KEYS)()]
    assert await world.rows("SELECT * FROM practice_record") == []


@pytest.mark.parametrize("name", ["welcome_mail", "forget_person"])
def test_what_makes_no_rows_is_not_replayed(name):
    with pytest.raises(typer.BadParameter, match=f"{name} makes no rows"):
        find(name)


def test_an_unknown_handler_is_told_the_known_ones():
    with pytest.raises(typer.BadParameter, match="audit_search, onboarding_record, practice_record"):
        find("nobody")


async def test_the_lag_is_shown_handler_by_handler(world, talk):
    one = talk()
    await world.record(one.said(7), one.said())
    await world.ring(one.stream_id)
    await handle_all(world, Recorder(poison={7}))
    await world.record(one.said())
    async with world.connections.reading() as connection:
        found, waiting = await lags(connection, RECORDER), await unpublished(connection)
    heading, line, last = lag_lines(found, waiting)
    assert heading.split() == ["handler", "behind", "oldest", "tried", "dead"]
    assert line.split()[:2] == ["recorder", "1"]
    assert line.split()[-2:] == ["0", "1"]
    assert last.startswith("unpublished: 3, the oldest for ")


async def test_handlers_say_which_kinds_of_streams_they_want(world):
    assert INTERESTS.keys() == {handler.name for handler in HANDLERS}
    async with world.connections.reading() as connection:
        assert {each.handler for each in await lags(connection, INTERESTS)} == set(INTERESTS)
