"""Saying something into the partner's reply."""

import asyncio

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.errors import ClientMessageIdReused, GenerationInProgress
from domain.practice.model import GenerationStatus
from domain.shared.errors import InvalidRequest

STOP = Finish(FinishReason.STOP)


@pytest.fixture
async def conversation(app):
    app.model = FakeChatModel(Delta("I was go"), asyncio.Event())
    return await app.start()


@pytest.fixture
async def running(app, conversation):
    """A reply that goes on until it is stopped."""
    generation = await app.send(conversation, "Hello?", "m-1")
    await app.heard(generation)
    return generation


async def test_the_reply_is_stopped_and_what_it_had_said_is_kept(app, conversation, running) -> None:
    app.model = FakeChatModel(Delta("Sorry?"), STOP)
    generation = await app.send(conversation, "Wait!", interrupt=True)
    await app.read(generation)
    assert (await app.stored(running)).status is GenerationStatus.CANCELLED
    turns = (await app.turns(conversation))[1:]
    assert [(turn.text, turn.partial) for turn in turns] == [
        ("Hello?", False),
        ("I was go", True),
        ("Wait!", False),
        ("Sorry?", False),
    ]
    assert [turn.position for turn in turns] == [2, 3, 4, 5]
    assert [message.text for message in app.model.requests[-1].history][2:] == ["I was go", "Wait!"]


async def test_there_may_be_nothing_to_interrupt(app) -> None:
    app.model = FakeChatModel(Delta("Yes."), STOP)
    conversation = await app.start()
    await app.read(await app.send(conversation, interrupt=True))
    assert await app.partner_says(conversation) == ["Yes."]


async def test_the_same_message_again_joins_its_own_reply_and_stops_nothing(app, conversation, running) -> None:
    assert (await app.send(conversation, "Hello?", "m-1", interrupt=True)).id == running.id
    assert (await app.stored(running)).cancel_requested_at is None


async def test_what_is_refused_anyway_stops_nothing(app, conversation, running) -> None:
    with pytest.raises(InvalidRequest):
        await app.send(conversation, " ", interrupt=True)
    with pytest.raises(ClientMessageIdReused):
        await app.send(conversation, "Goodbye!", "m-1", interrupt=True)
    assert (await app.stored(running)).cancel_requested_at is None


async def test_a_reply_that_does_not_end_in_time_is_not_interrupted(app, conversation, running) -> None:
    app.doorbell._handlers.clear()
    object.__setattr__(app.stop, "within", 0.01)
    with pytest.raises(GenerationInProgress) as refusal:
        await app.send(conversation, "Wait!", interrupt=True)
    assert refusal.value.metadata == {"generation_id": str(running.id)}
    assert len(await app.turns(conversation)) == 2
    assert app.doorbell.rung == [running.id]


async def test_a_queued_reply_that_nobody_produces_is_interrupted_too(app, conversation) -> None:
    app.idle = True
    queued = await app.send(conversation)
    await app.runner.stop(grace=1)
    generation = await app.send(conversation, "Wait!", interrupt=True)
    assert (await app.stored(queued)).status is GenerationStatus.CANCELLED
    assert (await app.stored(generation)).status is GenerationStatus.QUEUED


async def test_many_interruptions_at_once_leave_no_gap_and_lose_nothing(app, conversation, running) -> None:
    messages = [f"Wait, {number}!" for number in range(20)]
    sent = await asyncio.gather(
        *(app.send(conversation, text, interrupt=True) for text in messages), return_exceptions=True
    )
    taken = [one for one in sent if not isinstance(one, Exception)]
    assert {type(one) for one in sent if isinstance(one, Exception)} <= {GenerationInProgress}
    after = await app.get_conversation(app.user_id, str(conversation.id))
    await app.stop(after.active_generation_id)
    after = await app.get_conversation(app.user_id, str(conversation.id))
    turns = sorted(app.store.state.turns.values(), key=lambda turn: turn.position)
    assert [turn.position for turn in turns] == list(range(1, after.turns + 1))
    replies = [running, *taken]
    # Each reply began in one version and ended in another.
    begun = [(await app.stored(one)).version for one in replies]
    assert len(set(begun)) == len(replies) == after.fence
    assert after.version == 1 + 2 * len(replies)
