"""Watching a conversation: what comes, in which order, from which cursor, and when it ends."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from adapters.live.listeners import Listeners
from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.errors import ConversationNotFound, CursorUnknown
from domain.practice.live_streams import Closed, ClosingReason, Ending
from domain.practice.model import Conversation, Generation, Turn
from domain.practice.watching import OpenTail, WatchConversation, conversation_cursor

REPLY = (Delta("You are "), Delta("welcome."), Finish(FinishReason.STOP))


@pytest.fixture
def bell(app) -> Listeners:
    listeners = Listeners()
    app.store.changed = listeners.tell
    return listeners


@pytest.fixture
def watch(app, bell):
    """Watch as the learner, or somebody else."""
    use_case = WatchConversation(OpenTail(app.store.reads), bell)

    def begin(conversation_id: object, after: str = "", ending: Ending | None = None, user_id=app.user_id):
        return use_case(user_id, str(conversation_id), after, ending or Ending())

    return begin


def shape(changes) -> list[str]:
    """Tell what came, briefly."""
    return [_brief(change) for change in changes]


def _brief(change) -> str:
    match change:
        case Turn():
            return f"turn {change.position}{' replaced' if change.replaced else ''}"
        case Generation():
            return change.status.value
        case Conversation():
            return f"version {change.version}"
    return change.reason.value


async def some(changes, count: int) -> list:
    """Return the next `count`."""
    async with asyncio.timeout(5):
        return [await anext(changes) for _ in range(count)]


async def turns_of_the_loop() -> None:
    """Let others run until they wait."""
    for _ in range(10):
        await asyncio.sleep(0)


async def ended_conversation(app) -> Conversation:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    await app.read(await app.send(conversation))
    return await app.end_conversation(app.user_id, str(conversation.id), "")


async def whole(changes) -> list:
    async with asyncio.timeout(5), aclosing(changes):
        return [change async for change in changes]


async def test_what_there_is_comes_first_and_then_each_change_with_its_conversation_last(app, watch) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("You are "), gate, *REPLY[1:])
    conversation = await app.start()
    async with aclosing(watch(conversation.id)) as changes:
        assert shape(await some(changes, 2)) == ["turn 1", "version 1"]
        generation = await app.send(conversation)
        assert shape(await some(changes, 3)) == ["turn 2", "queued", "version 2"]
        gate.set()
        await app.read(generation)
        assert shape(await some(changes, 3)) == ["turn 3", "completed", "version 3"]
        await app.end_conversation(app.user_id, str(conversation.id), "")
        assert shape(await some(changes, 1)) == ["version 4"]
        with pytest.raises(StopAsyncIteration):
            await anext(changes)


async def test_of_replies_only_the_one_under_way_comes_first(app, watch) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    await app.read(await app.send(conversation))
    app.idle = True
    await app.send(conversation)
    assert shape(await some(watch(conversation.id), 6)) == [
        *("turn 1", "turn 2", "turn 3", "turn 4"),
        *("queued", "version 4"),
    ]


async def test_replaced_turns_are_left_out_first_and_told_to_who_has_seen_them(app, watch) -> None:
    ended = await ended_conversation(app)
    seen = conversation_cursor(ended.id, ended.version)
    later = replace(ended, version=ended.version + 1)
    for turn in app.store.state.turns.values():
        if turn.position == 3:
            app.store.state.turns[turn.id] = replace(turn, replaced=True, version=later.version)
    app.store.state.conversations[ended.id] = later
    assert shape(await whole(watch(ended.id))) == ["turn 1", "turn 2", f"version {later.version}"]
    assert shape(await whole(watch(ended.id, seen))) == ["turn 3 replaced", f"version {later.version}"]


async def test_from_every_cursor_the_rest_leads_to_the_same_state(app, watch) -> None:
    ended = await ended_conversation(app)

    def state(changes) -> dict:
        return {change.id: change for change in changes if not isinstance(change, Generation)}

    everything = state(await whole(watch(ended.id)))
    held = []
    for version in range(1, ended.version + 1):
        rest = await whole(watch(ended.id, conversation_cursor(ended.id, version)))
        before = [turn for turn in app.store.state.turns.values() if turn.version <= version]
        assert state([*before, *rest]) | {ended.id: ended} == everything
        held.append(len(rest))
    assert held[-1] == 0
    assert held == sorted(held, reverse=True)


async def test_a_long_conversation_comes_whole_and_in_order(app, watch) -> None:
    ended = await ended_conversation(app)
    opening = next(turn for turn in app.store.state.turns.values() if turn.position == 1)
    for position in range(4, 251):
        added = replace(opening, id=uuid4(), position=position)
        app.store.state.turns[added.id] = added
    turns = [change for change in await whole(watch(ended.id)) if isinstance(change, Turn)]
    assert [turn.position for turn in turns] == list(range(1, 251))


async def test_a_cursor_that_the_conversation_never_gave_is_unknown(app, watch) -> None:
    conversation, other = await app.start(), await app.start()
    for wrong in (
        *("abc", "1", f"{conversation.id}", f"{conversation.id}:0", f"{conversation.id}:2"),
        *(f"{conversation.id}:1 ", f"{conversation.id}:9999999999", conversation_cursor(other.id, 1), "\0"),
    ):
        with pytest.raises(CursorUnknown):
            await anext(watch(conversation.id, wrong))


async def test_a_strangers_conversation_is_not_found(app, watch) -> None:
    conversation = await app.start()
    for asked, user_id in [(conversation.id, uuid4()), ("abc", app.user_id), (uuid4(), app.user_id)]:
        with pytest.raises(ConversationNotFound) as refusal:
            await anext(watch(asked, user_id=user_id))
        assert refusal.value.metadata == {"conversation_id": str(asked)}


async def test_a_watcher_is_told_when_the_learner_is_deleted(app, watch, bell) -> None:
    conversation = await app.start()
    async with aclosing(watch(conversation.id)) as changes:
        await some(changes, 2)
        del app.store.state.conversations[conversation.id]
        bell.compare({})
        with pytest.raises(ConversationNotFound):
            await some(changes, 1)


async def test_an_ending_closes_with_the_cursor_of_all_that_was_sent(app, watch) -> None:
    conversation, ending = await app.start(), Ending()
    changes = watch(conversation.id, ending=ending)
    await some(changes, 2)
    waiting = asyncio.create_task(some(changes, 1))
    await asyncio.sleep(0)
    ending.end(ClosingReason.STREAM_EXPIRED)
    ending.end(ClosingReason.UNAVAILABLE)
    assert await waiting == [Closed(ClosingReason.STREAM_EXPIRED, conversation_cursor(conversation.id, 1))]
    assert await whole(changes) == []


async def test_a_watcher_that_has_left_is_told_no_more(app, watch, bell) -> None:
    conversation = await app.start()
    async with aclosing(watch(conversation.id)) as changes:
        await some(changes, 2)
        assert conversation.id in bell
    assert conversation.id not in bell


async def test_a_change_that_nobody_told_is_seen_at_the_next_look(app, watch, bell) -> None:
    app.store.changed = lambda _conversation_id: None
    conversation = await app.start()
    async with aclosing(watch(conversation.id)) as changes:
        await some(changes, 2)
        waiting = asyncio.create_task(some(changes, 1))
        await turns_of_the_loop()
        await app.end_conversation(app.user_id, str(conversation.id), "")
        bell.compare({conversation.id: 1})
        await turns_of_the_loop()
        assert not waiting.done()
        bell.compare({conversation.id: 2})
        assert shape(await waiting) == ["version 2"]
