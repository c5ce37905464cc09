"""Having the partner reply anew."""

import asyncio
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason
from domain.practice.errors import (
    ClientMessageIdReused,
    ConversationEnded,
    ConversationIsPaused,
    GenerationInProgress,
    TurnNotFound,
    TurnNotNewest,
)
from domain.practice.events import GenerationCompleted, TurnAdded, TurnReplaced
from domain.practice.model import GenerationStatus
from domain.practice.reply import Accepted, Cancelled, Completed
from domain.shared.errors import InvalidRequest

STOP = Finish(FinishReason.STOP)


def saying(*texts: str) -> FakeChatModel:
    return FakeChatModel(*map(Delta, texts), STOP)


@pytest.fixture
async def conversation(app):
    """A message and its reply: "Hello?", "First." """
    app.model = saying("First.")
    started = await app.start()
    await app.read(await app.send(started, "Hello?", "m-1"))
    return started


@pytest.fixture
async def asked(app, conversation):
    """The learner's turn."""
    return (await app.turns(conversation))[1]


async def rows(app, position):
    """Return the turn at a position, whether it is shown or not."""
    return next(turn for turn in app.store.state.turns.values() if turn.position == position)


async def test_the_model_is_told_the_replies_that_were_not_wanted(app, conversation, asked) -> None:
    for text in ("Second.", "Third."):
        app.model = saying(text)
        await app.read(await app.regenerate(asked.id))
    (request,) = app.model.requests
    assert request.unwanted == ("First.", "Second.")
    assert [message.text for message in request.history][-1] == "Hello?"
    app.model = saying("Yes?")
    await app.read(await app.send(conversation, "Are you there?", "m-2"))
    assert app.model.requests[0].unwanted == ()


async def test_of_many_replies_that_were_not_wanted_the_newest_are_told(app, conversation, asked) -> None:
    for number in range(8):
        app.model = saying(f"{number}.")
        await app.read(await app.regenerate(asked.id))
    assert app.model.requests[0].unwanted == ("2.", "3.", "4.", "5.", "6.")


async def test_the_new_reply_takes_the_place_of_the_old_one(app, conversation, asked) -> None:
    app.model = saying("Second.")
    generation = await app.regenerate(asked.id)
    events = [entry.event for entry in await app.read(generation)]
    assert [turn.text for turn in await app.turns(conversation)][1:] == ["Hello?", "Second."]
    old, new = await rows(app, 3), await rows(app, 4)
    after = await app.get_conversation(app.user_id, str(conversation.id))
    assert (generation.turn_id, events[0], events[-1]) == (asked.id, Accepted(asked.id), Completed(new.id, "stop"))
    assert (old.text, old.replaced, old.version) == ("First.", True, after.version)
    assert (new.replaced, new.version, new.generation_id) == (False, after.version, generation.id)
    assert (after.turns, after.fence, after.active_generation_id) == (4, 2, None)


async def test_what_replaces_what_is_an_event(app, conversation, asked) -> None:
    app.model = saying("Second.")
    await app.read(await app.regenerate(asked.id))
    added, replaced, ended = app.store.events[-3:]
    assert (type(added), type(ended)) == (TurnAdded, GenerationCompleted)
    assert replaced == TurnReplaced(
        conversation_id=conversation.id,
        user_id=app.user_id,
        turn_ids=((await rows(app, 3)).id,),
        by_turn_id=added.turn_id,
    )


async def test_a_first_reply_replaces_nothing(app, conversation) -> None:
    assert TurnReplaced not in map(type, app.store.events)


async def test_the_model_does_not_hear_the_reply_that_is_to_be_replaced(app, conversation, asked) -> None:
    app.model = saying("Second.")
    await app.read(await app.regenerate(asked.id))
    app.model = saying("Third.")
    await app.read(await app.regenerate(asked.id))
    (request,) = app.model.requests
    assert [message.text for message in request.history][1:] == ["Hello?"]
    await app.read(await app.send(conversation, "And then?"))
    assert [message.text for message in app.model.requests[-1].history][1:] == ["Hello?", "Third.", "And then?"]


async def test_the_learners_turn_or_any_reply_to_it_can_be_named(app, conversation, asked) -> None:
    for text in ("Second.", "Third.", "Fourth."):
        app.model = saying(text)
        named = (await rows(app, 3)).id if text != "Second." else asked.id
        await app.read(await app.regenerate(named))
    assert await app.partner_says(conversation) == ["Fourth."]


async def test_while_the_new_reply_streams_the_old_one_is_not_listed(app, conversation, asked) -> None:
    app.model = FakeChatModel(Delta("Sec"), asyncio.Event())
    generation = await app.regenerate(asked.id)
    await app.heard(generation)
    assert await app.partner_says(conversation) == []
    await app.stop(generation.id)
    assert await app.partner_says(conversation) == ["Sec"]


@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_the_old_reply_stays_when_the_new_one_ends_with_nothing_said(app, conversation, asked, end) -> None:
    app.model = FakeChatModel(asyncio.Event() if end == "cancelled" else ChatError(ChatErrorKind.NETWORK, "broken"))
    generation = await app.regenerate(asked.id)
    await app.model.asked.wait()
    await app.stop(generation.id)
    assert (await app.stored(generation)).status is GenerationStatus(end)
    assert await app.partner_says(conversation) == ["First."]
    assert not (await rows(app, 3)).replaced


async def test_a_new_reply_that_breaks_off_takes_the_place_with_what_was_said(app, conversation, asked) -> None:
    app.model = FakeChatModel(Delta("Sec"), ChatError(ChatErrorKind.NETWORK, "broken"))
    await app.read(await app.regenerate(asked.id))
    turn = (await app.turns(conversation))[-1]
    assert (turn.text, turn.partial) == ("Sec", True)
    assert (await rows(app, 3)).replaced


async def test_a_message_whose_reply_failed_with_nothing_said_gets_one(app) -> None:
    app.model = FakeChatModel(ChatError(ChatErrorKind.NETWORK, "broken"))
    conversation = await app.start()
    failed = await app.send(conversation, "Hello?")
    await app.read(failed)
    app.model = saying("Here I am.")
    await app.read(await app.regenerate(failed.turn_id))
    assert await app.partner_says(conversation) == ["Here I am."]
    assert TurnReplaced not in map(type, app.store.events)


async def test_ten_wishes_at_once_under_one_id_make_one_reply(app, conversation, asked) -> None:
    app.model = saying("Second.")
    made = await asyncio.gather(*(app.regenerate(asked.id, "wish") for _ in range(10)))
    replies = await asyncio.gather(*(app.read(generation) for generation in made))
    assert len({generation.id for generation in made}) == 1
    assert all(reply == replies[0] for reply in replies)
    assert len(app.model.requests) == 1


async def test_the_same_wish_again_joins_its_reply_whatever_came_after(app, conversation, asked) -> None:
    app.model = saying("Second.")
    first = await app.regenerate(asked.id, "wish")
    await app.read(first)
    await app.read(await app.send(conversation))
    await app.end_conversation(app.user_id, str(conversation.id), "")
    again = await app.regenerate((await rows(app, 4)).id, "wish")
    assert again == await app.stored(first)


async def test_an_id_stands_for_one_thing(app, conversation, asked) -> None:
    app.model = saying("Second.")
    await app.read(await app.regenerate(asked.id, "wish"))
    with pytest.raises(ClientMessageIdReused):
        await app.send(conversation, "Hello?", "wish")
    with pytest.raises(ClientMessageIdReused):
        await app.regenerate(asked.id, "m-1")
    await app.read(await app.send(conversation, "And then?", "m-2"))
    with pytest.raises(ClientMessageIdReused) as refusal:
        await app.regenerate((await rows(app, 5)).id, "wish")
    assert refusal.value.metadata == {"client_message_id": "wish"}


async def test_only_the_reply_to_the_newest_message_is_made_anew(app, conversation, asked) -> None:
    app.model = saying("Yes.")
    await app.read(await app.send(conversation, "And then?"))
    for old in (asked, await rows(app, 1), await rows(app, 3)):
        with pytest.raises(TurnNotNewest) as refusal:
            await app.regenerate(old.id)
        assert refusal.value.metadata == {"turn_id": str(old.id)}


async def test_the_opening_line_is_no_reply(app) -> None:
    (opening,) = await app.turns(await app.start())
    with pytest.raises(TurnNotNewest):
        await app.regenerate(opening.id)


async def test_no_reply_is_made_anew_while_one_is_under_way(app, conversation, asked) -> None:
    app.model = FakeChatModel(asyncio.Event())
    running = await app.regenerate(asked.id)
    with pytest.raises(GenerationInProgress) as refusal:
        await app.regenerate(asked.id)
    assert refusal.value.metadata == {"generation_id": str(running.id)}


async def test_a_paused_or_ended_conversation_gets_no_new_reply(app, conversation, asked) -> None:
    await app.pause_conversation(app.user_id, str(conversation.id), "")
    with pytest.raises(ConversationIsPaused):
        await app.regenerate(asked.id)
    await app.end_conversation(app.user_id, str(conversation.id), "")
    with pytest.raises(ConversationEnded):
        await app.regenerate(asked.id)


@pytest.mark.parametrize("wrong", ["", "abc", "{0}", "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11", "urn:uuid:{0}"])
async def test_what_is_no_turn_is_not_found(app, asked, wrong) -> None:
    turn_id = wrong.format(asked.id.hex)
    with pytest.raises(TurnNotFound) as refusal:
        await app.regenerate_reply(app.user_id, turn_id, "wish")
    assert refusal.value.metadata == {"turn_id": turn_id}


async def test_a_strangers_turn_is_not_found(app, asked) -> None:
    with pytest.raises(TurnNotFound):
        await app.regenerate_reply(uuid4(), str(asked.id), "wish")


@pytest.mark.parametrize(("key", "reason"), [("", "REQUIRED"), ("a b", "INVALID_FORMAT"), ("k" * 65, "INVALID_FORMAT")])
async def test_a_wish_needs_an_id(app, asked, key, reason) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await app.regenerate_reply(app.user_id, str(asked.id), key)
    assert [(one.field, one.reason) for one in refusal.value.violations] == [("client_message_id", reason)]


async def test_a_queued_sibling_without_a_producer_can_be_cancelled(app, conversation, asked) -> None:
    app.idle = True
    generation = await app.regenerate(asked.id)
    await app.runner.stop(grace=1)
    await app.stop(generation.id)
    assert (await app.read(generation))[-1].event == Cancelled(None)
    assert await app.partner_says(conversation) == ["First."]
