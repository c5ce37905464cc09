"""Comparing a stored conversation with its events, its logs and itself."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fakes.catalog import FakeScenarios
from fakes.identity import SettableClock
from fakes.log import FakeDoorbell, FakeGenerationLog
from fakes.practice import FakeChatModel, FakePracticeStore
from fakes.role_plays import RolePlays, until
from hypothesis import HealthCheck, given, settings, strategies as st

from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason, Usage
from domain.practice.checking import find_problems
from domain.practice.events import ConversationCompleted, GenerationEnded
from domain.practice.inspection import History, LogFault, RecordedEvent, ReplyLog
from domain.practice.model import GenerationStatus
from domain.practice.problems import CountTurns, EndReply, RaiseVersion, RestoreTurn, SetActive
from domain.practice.reply import LogEntry, Position, TextDelta
from domain.shared.errors import DomainError

HOUR = timedelta(hours=1)
STOP = Finish(FinishReason.STOP)
HELLO = (Delta("Good "), Delta("evening."), Usage(3, 2), STOP)


def history_of(app: RolePlays, conversation_id: Any, later: timedelta = HOUR) -> History:
    """Return what the store has of a conversation, as it is seen `later`."""
    state, now = app.store.state, app.clock()
    generations = [each for each in state.generations.values() if each.conversation_id == conversation_id]
    turns = [turn for turn in state.turns.values() if turn.conversation_id == conversation_id]
    streams = {f"conversation-{conversation_id}", *(f"generation-{each.id}" for each in generations)}
    events = [event for event in state.events if event.stream_id in streams]
    recorded = [RecordedEvent(each.stream_id, place, each.type, now, each) for place, each in enumerate(events, 1)]
    return History(
        conversation=state.conversations[conversation_id],
        turns=tuple(sorted(turns, key=lambda turn: turn.position)),
        generations=tuple(sorted(generations, key=lambda each: each.created_at)),
        events=tuple(recorded),
        seen_at=now + later,
    )


def logs_of(app: RolePlays, history: History) -> dict[Any, ReplyLog]:
    return {each.id: ReplyLog(tuple(app.log.entries(each.id))) for each in history.generations}


@pytest.fixture
async def history(app) -> History:
    """One exchange, an hour after it."""
    app.model = FakeChatModel(*HELLO)
    conversation = await app.start()
    await app.read(await app.send(conversation))
    return history_of(app, conversation.id)


def told(history: History, logs: Any = None) -> list[str]:
    return list(map(str, find_problems(history, logs or {})))


def with_turn(history: History, position: int, **changes: Any) -> History:
    turns = [replace(turn, **changes) if turn.position == position else turn for turn in history.turns]
    return replace(history, turns=tuple(turns))


def with_reply(history: History, **changes: Any) -> History:
    return replace(history, generations=tuple(replace(each, **changes) for each in history.generations))


def without_events(history: History, *types: str) -> History:
    return replace(history, events=tuple(each for each in history.events if each.type not in types))


def test_one_exchange_is_as_it_should_be(app, history) -> None:
    assert told(history, logs_of(app, history)) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"text": "Good night!"}, "turn 2 has another text than its event"),
        ({"author": "partner"}, "turn 2 is the partner's, and the learner's in its event"),
        ({"partial": True}, "turn 2 is partial"),
        ({"generation_id": uuid4()}, "turn 2 names generation"),
        ({"version": 99}, "conversation has version 3, and something in it came with version 99"),
        ({"id": uuid4()}, "turn 2 has no event"),
    ],
)
def test_a_turn_that_was_touched_is_found(history, changes, problem) -> None:
    assert any(each.startswith(problem) for each in told(with_turn(history, 2, **changes)))


def test_a_missing_turn_is_one_problem_and_its_event_restores_it(history) -> None:
    for lost in history.turns:
        left = replace(history, turns=tuple(turn for turn in history.turns if turn is not lost))
        (problem,) = find_problems(left, {})
        assert problem.place == f"turn {lost.position}"
        assert isinstance(problem.repair, RestoreTurn)
        as_it_was = {"client_message_id": None, "created_at": problem.repair.turn.created_at, "version": 4}
        assert problem.repair.turn == replace(lost, **as_it_was)


def test_a_missing_turn_without_an_event_leaves_a_gap_that_stays(history) -> None:
    left = replace(history, turns=(history.turns[0], history.turns[2]))
    events = tuple(each for each in left.events if getattr(each.event, "position", 0) != 2)
    (gap,) = [each for each in find_problems(replace(left, events=events), {}) if each.place == "turn 2"]
    assert gap.problem == "is missing, and no event has it"
    assert not gap.recoverable


def test_a_turn_in_the_place_of_another_is_named_and_left(history) -> None:
    problems = find_problems(with_turn(history, 2, id=uuid4()), {})
    assert ("turn 2", "is another one than an event has there") in [(each.place, each.problem) for each in problems]
    assert not any(isinstance(each.repair, RestoreTurn) for each in problems)


def test_a_gap_of_two_thousand_million_is_no_endless_list(history) -> None:
    *others, last = history.turns
    assert len(told(replace(history, turns=(*others, replace(last, position=2**31 - 1))))) < 30


def test_the_number_of_turns_is_counted(history) -> None:
    wrong = replace(history, conversation=replace(history.conversation, turns=2))
    (problem,) = find_problems(wrong, {})
    assert problem.repair == CountTurns(3)


def test_a_version_that_is_too_low_is_raised(history) -> None:
    (problem,) = find_problems(with_turn(history, 3, version=9), {})
    assert problem.repair == RaiseVersion(9)


def test_a_reply_that_is_named_as_under_way_and_has_ended_is_found(history) -> None:
    (reply,) = history.generations
    wrong = replace(history, conversation=replace(history.conversation, active_generation_id=reply.id))
    (problem,) = find_problems(wrong, {})
    assert problem.repair == SetActive(None)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"partial_text": "Good day."}, "has said something else than turn 3"),
        ({"partial_text": "Good"}, "ended otherwise than its event says"),
        ({"status": GenerationStatus.CANCELLED}, "is cancelled, and turn 3 is not"),
        ({"status": GenerationStatus.RUNNING, "ended_at": None}, "is running, and a turn says that it has ended"),
        ({"turn_id": uuid4()}, "answers a turn that is not in its conversation"),
    ],
)
def test_a_reply_that_was_touched_is_found(history, changes, problem) -> None:
    (reply,) = history.generations
    assert f"generation {reply.id} {problem}" in told(with_reply(history, **changes))


def test_a_reply_that_spoke_and_has_no_turn_is_found(history) -> None:
    (reply,) = history.generations
    left = replace(history, turns=history.turns[:2])
    events = tuple(each for each in left.events if getattr(each.event, "position", 0) != 3)
    assert f"generation {reply.id} has said something, and has no turn" in told(replace(left, events=events))


def test_an_end_that_nobody_recorded_is_found(history) -> None:
    (reply,) = history.generations
    assert told(without_events(history, "generation.completed")) == [
        f"generation {reply.id} has ended, and no event says so"
    ]
    (last,) = [each for each in history.events if isinstance(each.event, GenerationEnded)]
    assert last.event is not None


def test_a_status_is_what_the_events_lead_to(history) -> None:
    ended = replace(history, conversation=history.conversation.end(history.seen_at))
    assert told(ended) == ["conversation is completed, and active by its events"]
    event = ConversationCompleted(conversation_id=ended.conversation.id, user_id=uuid4(), turns=3)
    recorded = RecordedEvent(event.stream_id, 9, event.type, history.seen_at, event)
    assert told(replace(history, events=(*history.events, recorded))) == [
        "conversation is active, and completed by its events"
    ]
    assert told(replace(ended, events=(*ended.events, recorded))) == []


async def test_a_replaced_turn_and_its_event_belong_together(app) -> None:
    app.model = FakeChatModel(*HELLO)
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.read(generation)
    await app.read(await app.regenerate(generation.turn_id))
    history = history_of(app, conversation.id)
    assert [turn.replaced for turn in history.turns] == [False, False, True, False]
    assert told(history) == []
    assert told(with_turn(history, 3, replaced=False)) == ["turn 3 is not replaced, and an event says so"]
    assert told(with_turn(history, 4, replaced=True)) == ["turn 4 is replaced, and no event says so"]
    lost = replace(history, turns=(*history.turns[:2], history.turns[3]))
    (problem,) = find_problems(lost, {})
    assert isinstance(problem.repair, RestoreTurn)
    assert problem.repair.turn.replaced


def test_a_beginning_that_nobody_recorded_is_found(history) -> None:
    assert told(without_events(history, "conversation.started")) == ["conversation has no event that began it"]


def test_an_event_that_nobody_can_read_is_found(history) -> None:
    broken = replace(history.events[0], event=None)
    assert told(replace(history, events=(broken, *history.events[1:])))[0].endswith(
        " 1 conversation.started cannot be read"
    )


async def test_a_lease_lapses_after_the_sweeper_s_time(app) -> None:
    generation = await app.queue()
    assert told(history_of(app, generation.conversation_id, timedelta(seconds=20))) == []
    (problem,) = find_problems(history_of(app, generation.conversation_id), {})
    assert problem.repair == EndReply(generation.id)


def test_a_log_that_tells_something_else_is_found(app, history) -> None:
    (reply,) = history.generations
    entries = logs_of(app, history)[reply.id].entries
    other = LogEntry(Position(1, 3), 3, TextDelta("Bad "))
    for wrong, problem in (
        (entries[:-1], "has ended, and its log has no last event"),
        ((*entries[:2], other, *entries[3:]), "has said something else than its log has"),
        ((*entries[:-1], replace(entries[-1], event=replace(entries[-1].event, turn_id=uuid4()))), "ended otherwise"),
    ):
        (found,) = told(history, {reply.id: ReplyLog(wrong)})
        assert found.startswith(f"generation {reply.id} {problem}")
    assert told(history, {reply.id: ReplyLog(fault=LogFault.BROKEN)}) == [
        f"generation {reply.id} has a log that cannot be read"
    ]
    assert told(history, {reply.id: ReplyLog(fault=LogFault.UNAVAILABLE)}) == []


def test_a_log_whose_last_event_is_being_written_is_no_problem(app, history) -> None:
    (reply,) = history.generations
    now = replace(history, seen_at=app.clock() + timedelta(seconds=5))
    assert told(now, {reply.id: ReplyLog(logs_of(app, history)[reply.id].entries[:-1])}) == []


PLAYED = st.lists(
    st.sampled_from(
        [
            *("say", "break off", "say nothing", "refuse", "cancel", "abandon", "lose the log", "sweep"),
            *("reply anew", "pause", "resume", "end"),
        ]
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=PLAYED)
def test_whatever_the_use_cases_do_leaves_nothing_to_find(scenario, steps) -> None:
    asyncio.run(_play(scenario, steps))


async def _play(scenario: Any, steps: list[str]) -> None:
    doorbell, log = FakeDoorbell(), FakeGenerationLog()
    app = RolePlays(FakePracticeStore(FakeScenarios([scenario])), log, doorbell, SettableClock(), scenario.id, uuid4())
    doorbell.listen(app.runner.cancel)
    conversation = await app.start()
    for step in steps:
        with suppress(DomainError):  # refused: nothing has changed
            await _step(app, conversation, step)
        app.clock.now += timedelta(minutes=1)
        history = history_of(app, conversation.id, timedelta())
        problems = find_problems(history, logs_of(app, history))
        assert [each for each in problems if not isinstance(each.repair, EndReply)] == []
    await _step(app, conversation, "sweep")
    await app.runner.stop(grace=0)
    assert told(history_of(app, conversation.id), {}) == []


_PARTS: dict[str, tuple[Any, ...]] = {
    "say": HELLO,
    "break off": (Delta("Good "), ChatError(ChatErrorKind.NETWORK, "gone")),
    "say nothing": (STOP,),
    "refuse": (Finish(FinishReason.REFUSED),),
}


async def _step(app: RolePlays, conversation: Any, step: str) -> None:
    app.idle = False
    if step in _PARTS:
        app.model = FakeChatModel(*_PARTS[step])
        await app.read(await app.send(conversation))
    elif step == "cancel":
        app.model = FakeChatModel(Delta("Good "), asyncio.Event())
        generation = await app.send(conversation)
        await app.heard(generation)
        await app.cancel_reply(app.user_id, str(generation.id))
    elif step == "abandon":
        app.idle = True
        await app.send(conversation)
        await until(app._is_idle)
    elif step == "reply anew":
        app.model = FakeChatModel(*HELLO)
        await app.read(await app.regenerate((await app.turns(conversation))[-1].id))
    elif step == "pause":
        await app.pause_conversation(app.user_id, str(conversation.id), "")
    elif step == "resume":
        await app.resume_conversation(app.user_id, str(conversation.id), "")
    elif step == "lose the log":
        for generation in list(app.store.state.generations):
            app.log._logs.pop(generation, None)
    elif step == "sweep":
        app.model = FakeChatModel(*HELLO)
        await app.sweeper.sweep()
        await until(app._is_idle)
    else:
        await app.end_conversation(app.user_id, str(conversation.id), "")
