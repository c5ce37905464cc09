"""Handlers at work on a real bus and a real store: each event has its effect once, and in order."""

import asyncio
import random
from uuid import uuid4

from fakes.handlers import Recorder

from adapters.bus.keys import bus_key
from domain.identity.events import UserDeleted, UserRegistered
from domain.onboarding.events import OnboardingCompleted, OnboardingReset, OnboardingStarted, StepCompleted
from domain.onboarding.steps import Step
from domain.practice.chat import Author
from domain.shared.origin import Origin, current_origin

PRACTICE = "SELECT * FROM practice_record ORDER BY conversation_id"


async def test_what_happened_in_a_conversation_is_summed_up(world, talk):
    one = talk()
    await world.tell(one.started(), one.said(4, Author.PARTNER), one.said(7), one.said(2, partial=True))
    async with world.consuming():
        await world.quiet("practice_record", "practice")
        [row] = await world.rows(PRACTICE)
        assert (row.user_id, row.scenario_id, row.ended_at) == (one.user_id, "a-berth", None)
        assert (row.learner_turns, row.partner_turns, row.learner_words, row.partner_words) == (2, 1, 9, 4)
        assert row.partial_turns == 1
        await world.tell(one.said(5), one.ended())
        await world.quiet("practice_record", "practice")
    [row] = await world.rows(PRACTICE)
    assert (row.learner_turns, row.learner_words) == (3, 14)
    assert row.ended_at is not None


async def test_an_onboarding_is_recorded_from_its_last_reset_on(world):
    user_id = uuid4()
    steps = [StepCompleted(user_id=user_id, step=step) for step in (Step.NATIVE_LANGUAGE, Step.INDUSTRY_SELECTION)]
    await world.tell(OnboardingStarted(user_id=user_id), *steps, OnboardingCompleted(user_id=user_id))
    async with world.consuming():
        await world.quiet("onboarding_record", "onboarding")
        [row] = await world.rows("SELECT * FROM onboarding_record")
        assert row.steps.keys() == {"native_language", "industry_selection"}
        assert row.started_at is not None
        assert row.completed_at is not None
        assert row.resets == 0
        await world.tell(OnboardingReset(user_id=user_id), OnboardingStarted(user_id=user_id), steps[0], steps[0])
        await world.quiet("onboarding_record", "onboarding")
    [again] = await world.rows("SELECT * FROM onboarding_record")
    assert again.steps.keys() == {"native_language"}
    assert again.started_at > row.started_at
    assert (again.completed_at, again.resets) == (None, 1)


async def test_every_event_can_be_searched_and_jobs_carry_where_they_come_from(world):
    user_id = uuid4()
    current_origin.set(Origin("request-7", f"user:{user_id}"))
    await world.tell(
        UserRegistered(user_id=user_id, email="ann@example.com", full_name="Ann"), OnboardingCompleted(user_id=user_id)
    )
    async with world.consuming():
        for area in ("identity", "onboarding"):
            await world.quiet("audit_search", area)
        await world.quiet("welcome_mail", "identity")
        await world.quiet("recommendations", "onboarding")
    found = await world.rows("SELECT * FROM audit_search ORDER BY position")
    assert {row.type for row in found} == {"user.registered", "onboarding.session_completed"}
    assert {(row.user_id, row.actor, row.correlation_id) for row in found} == {
        (user_id, f"user:{user_id}", "request-7")
    }
    jobs = await world.rows("SELECT * FROM job ORDER BY name")
    assert [job.name for job in jobs] == ["identity.send_welcome_mail", "practice.recommend_scenarios"]
    assert {job.correlation_id for job in jobs} == {"request-7"}
    assert {job.user_id for job in jobs} == {user_id}
    assert all(job.arguments == {"user_id": str(user_id)} and job.state == "queued" for job in jobs)
    stored = {row.type: row.event_id for row in await world.rows("SELECT type, event_id FROM event_store")}
    assert jobs[0].key == f"welcome_mail:{stored['user.registered']}"


async def test_whoever_is_erased_is_forgotten_and_never_comes_back(world, talk):
    one, other = talk(), talk()
    gone = one.user_id
    await world.tell(one.started(), other.started(), OnboardingStarted(user_id=gone))
    async with world.consuming():
        await world.quiet("practice_record", "practice")
        await world.quiet("onboarding_record", "onboarding")
        await world.execute("INSERT INTO erased_user VALUES (:gone, now())", gone=gone)
        await world.tell(UserDeleted(user_id=gone))
        await world.quiet("forget_person", "identity")
        late = talk(user_id=gone)
        await world.tell(late.started(), late.said(), one.said(), OnboardingStarted(user_id=gone))
        await world.quiet("practice_record", "practice")
        await world.quiet("onboarding_record", "onboarding")
        await world.quiet("audit_search", "identity")
    assert [row.conversation_id for row in await world.rows(PRACTICE)] == [other.conversation_id]
    assert await world.rows("SELECT * FROM onboarding_record") == []
    assert [row.user_id for row in await world.rows("SELECT * FROM audit_search WHERE type = 'user.deleted'")] == [gone]


async def test_entries_three_times_and_shuffled_make_the_same_rows(world, talk, until):
    chance = random.Random(7)
    talks = [talk() for _ in range(20)]
    events = [one.started() for one in talks]
    events += [chance.choice(talks).said(chance.randint(1, 30), chance.choice(list(Author))) for _ in range(300)]
    streams = [event.stream_id for event in events]
    async with world.consuming(), world.consuming():  # two processes at once
        for begin in range(0, len(events), 17):
            for event in events[begin : begin + 17]:
                await world.record(event)
            window = 3 * streams[begin : begin + 17]
            chance.shuffle(window)
            await world.ring(*window)
        await world.quiet("practice_record", "practice")
    rows = await world.rows(PRACTICE)
    assert await world.passed("practice_record") == {
        stream: sum(1 for each in streams if each == stream) for stream in {*streams}
    }
    await world.execute("DELETE FROM handler_position")
    await world.execute("DELETE FROM practice_record")
    async with world.consuming():  # in order, and of itself: nothing is told

        async def all_passed() -> bool:
            return len(await world.passed("practice_record")) == len(talks)

        await until(all_passed)
    assert await world.rows(PRACTICE) == rows
    assert await world.rows("SELECT * FROM dead_letter") == []


async def test_a_long_backlog_of_one_stream_proceeds_in_slices(world, talk):
    one = talk()
    await world.record(one.started(), *(one.said(1) for _ in range(2_500)))
    await world.ring(one.stream_id)
    async with world.consuming() as consumers:
        await world.quiet("practice_record", "practice")
    [row] = await world.rows(PRACTICE)
    assert row.learner_turns == 2_500
    samples = {
        sample.name: sample.value
        for metric in consumers.metrics.collect()
        for sample in metric.samples
        if sample.labels.get("handler") == "practice_record"
    }
    assert samples["fluentpro_events_handled_total"] == 2_501
    assert samples["fluentpro_handling_seconds_count"] >= 3


async def test_what_is_no_handlers_business_is_acknowledged(world):
    await world.redis.xadd(bus_key("practice"), {"hello": "world"})
    await world.ring("scenario-1", "conversation-nobody", "user-\udc80".encode("utf-8", "replace").decode())
    async with world.consuming():
        await world.quiet("practice_record", "practice")
        await world.quiet("audit_search", "practice")
    assert await world.rows("SELECT * FROM handler_failure") == []


async def test_a_consumer_that_stops_owes_nothing_and_leaves_its_groups(world, talk):
    one = talk()
    async with world.consuming():
        await world.tell(one.started())
        await world.quiet("practice_record", "practice")
    assert await world.redis.xinfo_consumers(bus_key("practice"), "practice_record") == []


async def test_a_handler_that_asks_for_it_sees_what_is_personal_until_the_person_is_erased(world, talk):
    class Reading(Recorder):
        def change(self, occurrence):
            texts.append(occurrence.data["text"])
            return super().change(occurrence)

    texts: list[str | None] = []
    one, gone = talk(), talk()
    await world.tell(one.said(2), gone.said(1))
    await world.execute("DELETE FROM user_key WHERE user_id = :gone", gone=gone.user_id)
    async with world.consuming(handlers=[Reading(wants_personal=True)]):
        await world.quiet("recorder", "practice")
    assert set(texts) == {"said said ", None}


async def test_whoever_has_no_time_for_what_is_in_hand_cancels_twice(world, talk, until):
    class Slow(Recorder):
        async def write(self, connection, changes):
            began.set()
            await asyncio.Event().wait()

    began = asyncio.Event()
    one = talk()
    await world.tell(one.said(1))
    running = asyncio.create_task(world.consumers(handlers=[Slow()]).run())
    await asyncio.wait_for(began.wait(), 10)
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running}, timeout=5)
    assert running.cancelled()
    async with world.consuming(handlers=[Recorder()]):
        await world.quiet("recorder", "practice")
    assert await world.recorded(one.stream_id) == [1]
