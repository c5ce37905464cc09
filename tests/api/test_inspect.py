"""AuditService.InspectConversation: a conversation as it is stored, through both doors."""

from typing import Any

import pytest
from api.contract import RPCS
from sqlalchemy import text

INSPECT, LIST = "AuditService/InspectConversation", "AuditService/ListEvents"
READ = "audit.conversation_read"


@pytest.fixture
def ask(door, owner):
    """Call an RPC as an administrator."""

    async def ask(name: str, **fields: Any) -> Any:
        return await door.call(name, RPCS[name].request(**fields), owner.staff.token)

    return ask


@pytest.fixture
async def talk(learner) -> Any:
    """A conversation with one exchange."""
    conversation = await learner.converse()
    await learner.say(conversation.id, "I have lost my key.")
    return conversation


async def test_a_conversation_is_shown_without_what_was_said(ask, learner, talk) -> None:
    found = (await ask(INSPECT, conversation_id=talk.id)).message
    assert (found.conversation.id, found.user_id, found.fence) == (talk.id, learner.user_id, 1)
    assert [turn.position for turn in found.turns] == [1, 2, 3]
    assert not any(turn.text for turn in found.turns)
    (reply,) = found.generations
    assert reply.generation.id == found.turns[1].generation_id == found.turns[2].generation_id
    assert reply.characters > 0
    assert reply.log_entries > 2
    assert reply.model
    assert not reply.log_unavailable
    assert not found.problems
    assert not (await ask(LIST, stream_id=f"audit-{talk.id}")).message.events


async def test_reading_what_was_said_is_recorded(ask, learner, talk) -> None:
    found = (await ask(INSPECT, conversation_id=talk.id, include_text=True)).message
    assert found.turns[1].text == "I have lost my key."
    assert found.turns == await learner.turns(talk.id)
    (event,) = (await ask(LIST, stream_id=f"audit-{talk.id}")).message.events
    assert event.type == READ
    assert event.data["user_id"] == learner.user_id
    assert event.actor == f"user:{event.data['admin_id']}"
    assert "lost my key" not in str(event.data)


async def test_a_contradiction_is_named(product, ask, talk) -> None:
    async with product.application.connections.transaction() as connection:
        await connection.execute(text("UPDATE conversation SET turns = 7 WHERE id = :id"), {"id": talk.id})
        await connection.commit()
    (problem,) = (await ask(INSPECT, conversation_id=talk.id)).message.problems
    assert (problem.place, problem.problem) == ("conversation", "counts 7 turns where there are 3")
    assert problem.recoverable


@pytest.mark.parametrize("conversation_id", ["7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11", "x", "\N{SNOWMAN}"])
async def test_one_that_is_not_there_is_not_found(ask, conversation_id) -> None:
    refused = await ask(INSPECT, conversation_id=conversation_id, include_text=True)
    assert (refused.code, refused.reason) == ("NOT_FOUND", "CONVERSATION_NOT_FOUND")


async def test_a_learner_may_not_look_at_their_own(door, learner, talk) -> None:
    refused = await door.call(INSPECT, RPCS[INSPECT].request(conversation_id=talk.id), learner.token)
    assert refused.code == "PERMISSION_DENIED"
