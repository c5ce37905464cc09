"""Starting, reading and listing conversations."""

from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import Author, Delta, Finish, FinishReason
from domain.practice.errors import ConversationNotFound, ScenarioNotFound
from domain.practice.events import ConversationStarted, turn_added
from domain.practice.model import ConversationStatus
from domain.shared.errors import InvalidRequest
from domain.shared.pages import PageRequest


async def test_the_partners_opening_line_is_the_first_turn(app, scenario) -> None:
    conversation = await app.start()
    (opening,) = await app.turns(conversation)
    assert (opening.position, opening.author, opening.text) == (1, Author.PARTNER, scenario.opening_line)
    assert opening.generation_id is None
    assert conversation.status is ConversationStatus.ACTIVE
    assert app.store.events == [
        ConversationStarted(conversation_id=conversation.id, user_id=app.user_id, scenario_id=scenario.id),
        turn_added(opening, app.user_id),
    ]


@pytest.mark.parametrize("scenario_id", ["", "no_such", "a\0b", "a" * 101, "/"])
async def test_an_unknown_scenario_is_not_found(app, scenario_id) -> None:
    with pytest.raises(ScenarioNotFound) as refusal:
        await app.start_conversation(app.user_id, scenario_id)
    assert refusal.value.metadata == {"scenario_id": scenario_id}


async def test_a_conversation_reads_as_it_was_started(app) -> None:
    conversation = await app.start()
    assert await app.get_conversation(app.user_id, str(conversation.id)) == conversation


async def test_an_id_reads_the_same_in_capital_letters(app) -> None:
    conversation = await app.start()
    assert await app.get_conversation(app.user_id, str(conversation.id).upper()) == conversation


@pytest.mark.parametrize("wrong", ["", "abc", "{0}", "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11", "urn:uuid:{0}", "{{{0}}}"])
async def test_what_is_no_conversation_is_not_found(app, wrong) -> None:
    conversation = await app.start()
    asked = wrong.format(conversation.id.hex)
    with pytest.raises(ConversationNotFound) as refusal:
        await app.get_conversation(app.user_id, asked)
    assert refusal.value.metadata == {"conversation_id": asked}


async def test_a_strangers_conversation_is_not_found(app) -> None:
    conversation = await app.start()
    with pytest.raises(ConversationNotFound):
        await app.get_conversation(uuid4(), str(conversation.id))
    with pytest.raises(ConversationNotFound):
        await app.list_turns(uuid4(), str(conversation.id), PageRequest())
    with pytest.raises(ConversationNotFound):
        await app.end_conversation(uuid4(), str(conversation.id), "")


async def test_conversations_are_listed_newest_first_page_by_page(app, clock) -> None:
    started = []
    for _ in range(5):
        clock.advance(seconds=1)
        started += [await app.start(), await app.start()]
    found, page = [], PageRequest(size=3)
    while True:
        answer = await app.list_conversations(app.user_id, page)
        found += answer.items
        if answer.next_after is None:
            break
        page = PageRequest(3, answer.next_after)
    assert len(found) == 10
    assert {one.id for one in found} == {one.id for one in started}
    assert [one.created_at for one in found] == sorted((one.created_at for one in started), reverse=True)


async def test_a_stranger_has_no_conversations(app) -> None:
    await app.start()
    assert (await app.list_conversations(uuid4(), PageRequest())).items == ()


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00 7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11",
        "0001-01-01T00:00+23:59 7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11",
    ],
)
async def test_a_page_of_conversations_that_begins_nowhere_is_refused(app, after) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await app.list_conversations(app.user_id, PageRequest(5, after))
    assert [violation.field for violation in refusal.value.violations] == ["page_token"]


@pytest.mark.parametrize("after", ["", "x", "-1", "1234567890", "²"])
async def test_a_page_of_turns_that_begins_nowhere_is_refused(app, after) -> None:
    conversation = await app.start()
    with pytest.raises(InvalidRequest):
        await app.list_turns(app.user_id, str(conversation.id), PageRequest(5, after))


async def test_turns_are_listed_in_order_page_by_page(app) -> None:
    conversation = await app.start()
    for number in range(3):
        app.model = FakeChatModel(Delta(f"Answer {number}."), Finish(FinishReason.STOP))
        await app.read(await app.send(conversation))
    first = await app.list_turns(app.user_id, str(conversation.id), PageRequest(5))
    second = await app.list_turns(app.user_id, str(conversation.id), PageRequest(5, first.next_after))
    assert [turn.position for turn in (*first.items, *second.items)] == [1, 2, 3, 4, 5, 6, 7]
    assert second.next_after is None
