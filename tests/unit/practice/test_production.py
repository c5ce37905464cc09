"""Producing a reply."""

import asyncio
from dataclasses import replace

import pytest
from fakes.practice import FakeChatModel
from fakes.role_plays import until

from domain.practice.attempt import LONGEST_REPLY
from domain.practice.chat import Author, ChatError, ChatErrorKind, Delta, Finish, FinishReason, Usage
from domain.practice.ending import completed
from domain.practice.events import GenerationCompleted, GenerationFailed, GenerationStarted, TurnAdded
from domain.practice.interruption import Interruption
from domain.practice.log import Fenced
from domain.practice.model import GenerationStatus
from domain.practice.ports import Checkpoint
from domain.practice.reply import Accepted, Completed, Failed, Reset, Snapshot, Started, TextDelta, TokenUsage

STOP = Finish(FinishReason.STOP)


async def say(app, *parts, text="Hello."):
    """Send a message that the model answers with `parts`; return what a reader sees."""
    app.model = FakeChatModel(*parts)
    generation = await app.send(await app.start(), text)
    return generation, [entry.event for entry in await app.read(generation)]


async def test_the_events_of_a_whole_reply_come_in_order(app) -> None:
    generation, events = await say(app, Delta("Good"), Delta(" evening."), Usage(7, 2), STOP)
    stored = await app.stored(generation)
    async with app.store.reads() as reads:
        turn = await reads.turns.of_partner(generation.id)
    assert events == [
        Accepted(generation.turn_id),
        Started("fake-model"),
        TextDelta("Good"),
        TextDelta(" evening."),
        TokenUsage(7, 2),
        Completed(turn.id, "stop"),
    ]
    assert (stored.status, stored.attempt, stored.finish_reason) == (GenerationStatus.COMPLETED, 1, "stop")
    assert (stored.partial_text, stored.last_sequence, stored.model) == ("Good evening.", 6, "fake-model")
    assert app.store.state.usage == {(generation.id, 1): TokenUsage(7, 2)}


async def test_the_words_of_a_reply_are_in_the_events_as_a_personal_field_alone(app) -> None:
    generation, _ = await say(app, Delta("Secret words."), Usage(7, 2), STOP)
    *_, started, said, ended = app.store.events
    assert isinstance(started, GenerationStarted)
    assert isinstance(said, TurnAdded)
    assert (said.author, said.words, said.text) == (Author.PARTNER, 2, "Secret words.")
    assert said.personal_fields() == ("text",)
    assert isinstance(ended, GenerationCompleted)
    assert (ended.generation_id, ended.attempt, ended.characters) == (generation.id, 1, 13)
    assert (ended.finish_reason, ended.input_tokens, ended.output_tokens) == ("stop", 7, 2)
    assert "Secret" not in str([event.to_dict() for event in app.store.events if event is not said])


async def test_who_sees_the_last_event_can_read_the_turn(app) -> None:
    app.model = FakeChatModel(Delta("Yes."), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    async for entry in app.resume_reply(app.user_id, str(generation.id), ""):
        if entry.is_last:
            assert (await app.turns(conversation))[-1].id == entry.event.turn_id
            break


async def test_a_log_that_has_ended_may_expire(app) -> None:
    generation, _ = await say(app, Delta("Yes."), STOP)
    await app.runner.stop(grace=1)
    assert app.log.ended == {generation.id}


async def test_a_model_that_dies_mid_sentence_leaves_a_partial_turn_and_the_conversation_goes_on(app) -> None:
    app.model = FakeChatModel(Delta("I am sor"), ChatError(ChatErrorKind.NETWORK, "broken"))
    conversation = await app.start()
    entries = await app.read(await app.send(conversation))
    partner = (await app.turns(conversation))[-1]
    assert (partner.text, partner.partial) == ("I am sor", True)
    last = entries[-1].event
    assert isinstance(last, Failed)
    assert (last.reason, last.retryable, last.turn_id) == ("MODEL_UNAVAILABLE", True, partner.id)
    app.model = FakeChatModel(Delta("Sorry, again."), STOP)
    await app.read(await app.send(conversation))
    assert await app.partner_says(conversation) == ["I am sor", "Sorry, again."]


@pytest.mark.parametrize(
    ("parts", "reason", "retryable"),
    [
        ([ChatError(ChatErrorKind.RATE_LIMITED, "slow down")], "MODEL_UNAVAILABLE", True),
        ([ChatError(ChatErrorKind.REFUSED, "no")], "MODEL_REFUSED", False),
        ([ChatError(ChatErrorKind.CONTEXT_TOO_LONG, "too long")], "CONVERSATION_TOO_LONG", False),
        ([Finish(FinishReason.REFUSED)], "MODEL_REFUSED", False),
        ([STOP], "MODEL_UNAVAILABLE", True),
        ([Delta(" \n"), STOP], "MODEL_UNAVAILABLE", True),
        ([Delta("\0"), STOP], "MODEL_UNAVAILABLE", True),
        ([], "MODEL_UNAVAILABLE", True),
        ([ValueError("a bug")], "INTERNAL", True),
    ],
)
async def test_a_reply_without_words_fails_and_leaves_no_turn(app, parts, reason, retryable) -> None:
    generation, events = await say(app, *parts)
    assert isinstance(events[-1], Failed)
    assert (events[-1].reason, events[-1].retryable, events[-1].turn_id) == (reason, retryable, None)
    assert (await app.stored(generation)).failure_reason == reason
    assert len(app.store.state.turns) == 2
    assert isinstance(app.store.events[-1], GenerationFailed)


async def test_a_stream_that_ends_without_saying_why_has_broken_off(app) -> None:
    generation, events = await say(app, Delta("And then"))
    assert isinstance(events[-1], Failed)
    assert events[-1].reason == "MODEL_UNAVAILABLE"
    assert (await app.stored(generation)).partial_text == "And then"


async def test_a_reply_that_met_the_token_limit_is_whole(app) -> None:
    _, events = await say(app, Delta("On and on"), Finish(FinishReason.LENGTH))
    assert isinstance(events[-1], Completed)
    assert events[-1].finish_reason == "length"


async def test_a_model_that_does_not_stop_is_stopped(app) -> None:
    piece = "x" * 1000
    generation, events = await say(app, *[Delta(piece)] * 100, STOP)
    assert isinstance(events[-1], Completed)
    assert events[-1].finish_reason == "length"
    assert len((await app.stored(generation)).partial_text) == LONGEST_REPLY // 1000 * 1000
    assert app.model.closed.is_set()


async def test_what_postgres_cannot_hold_is_left_out(app) -> None:
    generation, events = await say(app, Delta("a\0b"), Delta("\ud800c"), STOP)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "ab?c"
    assert (await app.stored(generation)).partial_text == "ab?c"


async def test_a_scenario_that_is_gone_fails_the_reply(app) -> None:
    conversation = await app.start()
    app.store.scenarios._scenarios.clear()
    (*_, last) = await app.read(await app.send(conversation))
    assert isinstance(last.event, Failed)
    assert last.event.reason == "SCENARIO_NOT_FOUND"


async def test_a_reader_that_goes_away_stops_nothing(app) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("One,"), gate, Delta(" two."), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    gate.set()
    await app.read(generation)
    assert await app.partner_says(conversation) == ["One, two."]


async def test_a_second_producer_does_nothing(app) -> None:
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    await app.produce(generation, Interruption())
    assert len(app.model.requests) == 1
    assert (await app.stored(generation)).attempt == 1


async def test_the_second_attempt_begins_with_a_reset(app, clock) -> None:
    generation = await app.queue()
    await app.leases.take_to_produce(generation, "dead-model")
    clock.advance(seconds=20)
    app.model = FakeChatModel(Delta("Here."), STOP)
    await app.produce(await app.stored(generation), Interruption())
    events = [entry.event for entry in await app.read(generation)]
    assert events[:4] == [Reset("INTERRUPTED"), Accepted(generation.turn_id), Started("fake-model"), TextDelta("Here.")]
    assert (await app.stored(generation)).attempt == 2


async def test_a_zombies_end_changes_nothing(app, clock) -> None:
    generation = await app.queue()
    zombie = await app.leases.take_to_produce(generation, "m")
    clock.advance(seconds=20)
    heir = await app.leases.take_to_produce(zombie, "m")
    writer = app.log.writer(generation.id, zombie.attempt, None)
    with pytest.raises(Fenced):
        await app.finish(zombie, writer, completed("Old words.", "stop", TokenUsage(1, 1)), 3)
    assert (await app.stored(generation)).status is GenerationStatus.RUNNING
    assert len(app.store.state.turns) == 2
    assert app.store.state.usage == {}
    assert await app.log.read(generation.id) == ()
    writer = app.log.writer(generation.id, heir.attempt, None)
    await app.finish(heir, writer, completed("New words.", "stop", None), 3)
    with pytest.raises(Fenced):
        await app.finish(heir, writer, completed("Twice.", "stop", None), 3)
    assert [turn.text for turn in app.store.state.turns.values()][2:] == ["New words."]


async def test_a_producer_that_lost_its_lease_stops(app) -> None:
    app.renew_every = 0
    app.model = FakeChatModel(Delta("Old"), asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    generations = app.store.state.generations
    generations[generation.id] = replace(generations[generation.id], attempt=9)
    await app.model.closed.wait()
    await app.runner.stop(grace=1)
    assert (await app.stored(generation)).attempt == 9
    assert len(app.store.state.turns) == 2


async def is_checkpointed(app, generation) -> bool:
    return bool((await app.stored(generation)).partial_text)


async def test_a_running_reply_is_checkpointed(app) -> None:
    app.renew_every = 0
    app.model = FakeChatModel(Delta("So far"), asyncio.Event())
    generation = await app.send(await app.start())
    await until(lambda: is_checkpointed(app, generation))
    stored = await app.stored(generation)
    assert (stored.partial_text, stored.last_sequence) == ("So far", 3)


async def test_a_renewal_that_the_database_misses_is_tried_again(app) -> None:
    app.renew_every = 0
    app.model = FakeChatModel(Delta("So far"), asyncio.Event())
    generation = await app.send(await app.start())
    await app.heard(generation)
    app.store.available = False
    for _ in range(20):
        await asyncio.sleep(0)
    app.store.available = True
    await until(lambda: is_checkpointed(app, generation))
    assert len(app.runner) == 1


async def test_a_log_that_is_lost_mid_reply_goes_on_from_a_snapshot(app) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("One,"), Delta(" two,"), gate, Delta(" three."), STOP)
    generation = await app.send(await app.start())
    async for entry in app.resume_reply(app.user_id, str(generation.id), ""):
        if entry.position.sequence == 4:
            break
    app.log.lose(generation.id)
    gate.set()
    events = [entry.event for entry in await app.read(generation)]
    assert events[0] == Snapshot("One, two, three.")
    assert isinstance(events[-1], Completed)


async def test_without_the_log_the_reply_fails_and_the_database_answers(app) -> None:
    app.log.available = False
    app.model = FakeChatModel(Delta("Never heard."), STOP)
    conversation = await app.start()
    entries = await app.read(await app.send(conversation))
    assert [type(entry.event) for entry in entries] == [Failed]
    assert entries[0].event.reason == "UNAVAILABLE"


async def test_text_that_the_log_could_not_take_is_in_the_database(app) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("One,"), gate, Delta(" two."), STOP)
    conversation = await app.start()
    generation = await app.send(conversation)
    seen = (await app.heard(generation)).position
    app.log.available = False
    gate.set()
    snapshot, last = await app.read(generation, seen)
    assert snapshot.event == Snapshot("One, two.")
    assert last.event.reason == "UNAVAILABLE"
    assert seen < snapshot.position < last.position
    assert await app.partner_says(conversation) == ["One, two."]


async def test_a_stopping_process_keeps_what_was_said(app) -> None:
    app.model = FakeChatModel(Delta("I was say"), asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    await app.runner.stop(grace=0)
    assert app.model.closed.is_set()
    (*_, last) = await app.read(generation)
    assert last.event.reason == "INTERRUPTED"
    assert await app.partner_says(conversation) == ["I was say"]


async def test_a_stopping_process_leaves_what_was_not_begun_to_another(app) -> None:
    app.model = FakeChatModel(asyncio.Event())
    generation = await app.send(await app.start())
    await app.model.asked.wait()
    await app.runner.stop(grace=0)
    stored = await app.stored(generation)
    assert stored.status is GenerationStatus.RUNNING
    assert stored.is_free(app.clock())


async def test_a_renewal_of_a_held_lease_lengthens_it(app, clock) -> None:
    held = await app.leases.take_to_produce(await app.queue(), "m")
    clock.advance(seconds=14)
    assert await app.leases.renew(held, Checkpoint("", 0)) is not None
    clock.advance(seconds=14)
    assert await app.leases.take_to_end(held) is None
