"""What is stored of conversations: each contradiction is found at its place, and mended where it can be."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fakes.master_keys import MASTER_KEYS
from fakes.practice import FakeChatModel
from redis.asyncio import Redis
from sqlalchemy import text

from adapters.live.keys import log_key
from adapters.live.log_inspection import RedisReplyLogs
from adapters.sql import inspection
from adapters.sql.inspection import SqlConversationSnapshots
from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.errors import ConversationNotFound
from domain.practice.inspecting import CheckConversations, FindConversations, InspectConversation
from domain.practice.inspection import ConversationQuery, LogFault
from domain.practice.model import GenerationStatus
from domain.practice.recovery import said
from domain.practice.repairing import RepairConversation
from domain.shared.errors import ConcurrentUpdate

HOUR = timedelta(hours=1)
STOP = Finish(FinishReason.STOP)
SAID = "Good evening. How may I help?"


class NobodyIsThere:
    """Implements `Presence`."""

    async def of_conversation(self, _conversation_id: Any) -> tuple[()]:
        return ()


class State:
    """The use cases of the state inspector, and ways to spoil what is stored."""

    def __init__(self, app: Any, connections: Any, redis_url: str) -> None:
        self._connections = connections
        self.logs = RedisReplyLogs(redis_url)
        self.redis = Redis.from_url(redis_url)
        snapshots = SqlConversationSnapshots(connections, MASTER_KEYS, app.clock)
        self.find = FindConversations(snapshots)
        self.inspect = InspectConversation(snapshots, self.logs, NobodyIsThere())
        self.check = CheckConversations(snapshots, self.logs)
        self.repair = RepairConversation(app.store.work, self.inspect, self.logs, app.recover, app.clock)

    async def problems(self, conversation: Any) -> list[str]:
        """Return what is wrong with a conversation."""
        return list(map(str, (await self.inspect(str(conversation.id))).problems))

    async def mend(self, conversation: Any) -> list[str]:
        """Mend what can be mended and return what is left."""
        done = await self.repair(str(conversation.id), "somebody")
        return list(map(str, done.left))

    async def execute(self, statement: str, **values: Any) -> list[Any]:
        async with self._connections.transaction() as connection:
            result = await connection.execute(text(statement), values)
            rows = list(result) if result.returns_rows else []
            await connection.commit()
        return rows

    async def close(self) -> None:
        await self.logs.close()
        await self.redis.aclose()


@pytest.fixture
async def state(app, connections, redis_url):
    state = State(app, connections, redis_url)
    yield state
    await state.close()


@pytest.fixture
async def talk(app, clock):
    """A conversation with one exchange, an hour after it."""
    app.model = FakeChatModel(Delta("Good evening. "), Delta("How may I help?"), STOP)
    conversation = await app.start()
    await app.read(await app.send(conversation, "Good evening!"))
    clock.now += HOUR
    return conversation


async def test_a_conversation_as_it_should_be_has_no_problem(state, talk, app) -> None:
    assert await state.problems(talk) == []
    found = await state.inspect(str(talk.id))
    assert [turn.text for turn in found.history.turns][1:] == ["Good evening!", SAID]
    (log,) = found.logs.values()
    assert said(log.entries) == SAID
    assert await state.mend(talk) == []
    assert await state.execute("SELECT FROM event_store WHERE type = 'conversation.repaired'") == []


SPOILED = {
    "UPDATE conversation SET turns = 9 WHERE id = :id": "conversation counts 9 turns where there are 3",
    "UPDATE turn SET version = 8 WHERE conversation_id = :id AND position = 2": (
        "conversation has version 3, and something in it came with version 8"
    ),
    "DELETE FROM turn WHERE conversation_id = :id AND position = 3": "turn 3 is missing, and its event has it",
    "DELETE FROM turn WHERE conversation_id = :id AND position = 1": "turn 1 is missing, and its event has it",
}


@pytest.mark.parametrize(("statement", "problem"), SPOILED.items())
async def test_rows_that_contradict_are_found_and_mended(state, talk, app, statement, problem) -> None:
    before = await app.turns(talk)
    await state.execute(statement, id=talk.id)
    assert await state.problems(talk) == [problem]
    assert await state.mend(talk) == []
    assert await state.problems(talk) == []
    assert [(turn.position, turn.text, turn.generation_id) for turn in await app.turns(talk)] == [
        (turn.position, turn.text, turn.generation_id) for turn in before
    ]
    (event,) = await state.execute(
        "SELECT data FROM event_store WHERE type = 'conversation.repaired' AND stream_id = :stream",
        stream=f"conversation-{talk.id}",
    )
    assert event.data["by"] == "somebody"
    assert len(event.data["repairs"]) == 1


UNMENDABLE = {
    "UPDATE turn SET text = 'Go away now!' WHERE conversation_id = :id AND position = 2": (
        "turn 2 has another text than its event"
    ),
    "UPDATE turn SET author = 'learner' WHERE conversation_id = :id AND position = 1": (
        "turn 1 is the learner's, and the partner's in its event"
    ),
    "UPDATE turn SET partial = true WHERE conversation_id = :id AND position = 1": "turn 1 is partial",
    "UPDATE turn SET position = 7 WHERE conversation_id = :id AND position = 1": "turn 7 is turn 1 in its event",
    "UPDATE conversation SET status = 'completed' WHERE id = :id": "is completed, and active by its events",
    "UPDATE generation SET partial_text = 'x' WHERE conversation_id = :id": "ended otherwise than its event says",
}


@pytest.mark.parametrize(("statement", "named"), UNMENDABLE.items())
async def test_what_cannot_be_mended_is_named_and_left_as_it_is(state, talk, statement, named) -> None:
    await state.execute(statement, id=talk.id)
    (problem,) = [each for each in await state.problems(talk) if named in each]
    assert problem in await state.mend(talk)


async def test_a_message_that_is_gone_comes_back_without_its_reply(state, talk, app) -> None:
    """The database removes a reply with the message it answers; its words are still the partner's turn."""
    await state.execute("DELETE FROM turn WHERE conversation_id = :id AND position = 2", id=talk.id)
    assert "turn 2 is missing, and its event has it" in await state.problems(talk)
    left = await state.mend(talk)
    assert [turn.text for turn in await app.turns(talk)][1:] == ["Good evening!", SAID]
    assert all(each.startswith("turn 3 names generation") for each in left)


async def test_a_turn_that_nobody_recorded_is_named(state, talk) -> None:
    await state.execute(
        "INSERT INTO turn (id, conversation_id, position, author, text, partial, created_at) "
        "VALUES (:turn, :id, 4, 'learner', 'Hm.', false, now())",
        id=talk.id,
        turn=uuid4(),
    )
    assert await state.problems(talk) == ["turn 4 has no event", "conversation counts 3 turns where there are 4"]


async def test_a_reply_that_is_named_as_under_way_and_is_not_is_forgotten(state, talk, app) -> None:
    (reply,) = (await state.inspect(str(talk.id))).history.generations
    await state.execute(
        "UPDATE conversation SET active_generation_id = :reply WHERE id = :id", id=talk.id, reply=reply.id
    )
    (problem,) = await state.problems(talk)
    assert problem == f"conversation names generation {reply.id} as under way, and none is"
    assert await state.mend(talk) == []
    assert (await app.read(await app.send(talk)))[-1].is_last


async def test_a_reply_under_way_that_nobody_names_is_named_again(state, app) -> None:
    generation = await app.queue()
    conversation_id = generation.conversation_id
    await state.execute("UPDATE conversation SET active_generation_id = NULL WHERE id = :id", id=conversation_id)
    await state.repair(str(conversation_id), "somebody")
    found = await state.inspect(str(conversation_id))
    assert found.history.conversation.active_generation_id == generation.id
    assert found.problems == ()


async def test_a_reply_whose_producer_is_gone_is_ended(state, app, clock) -> None:
    generation = await app.queue()
    assert (await state.inspect(str(generation.conversation_id))).problems == ()
    clock.now += HOUR
    (problem,) = (await state.inspect(str(generation.conversation_id))).problems
    assert problem.place == f"generation {generation.id}"
    assert problem.problem == "is queued, and its lease lapsed 3595 s ago"
    done = await state.repair(str(generation.conversation_id), "somebody")
    assert done.mended == (problem,)
    assert done.left == ()
    assert (await app.stored(generation)).status is GenerationStatus.FAILED


async def test_a_log_that_says_something_else_is_dropped(state, talk, app) -> None:
    (reply,) = (await state.inspect(str(talk.id))).history.generations
    entries = await app.read(reply)
    key = log_key(reply.id)
    await state.redis.xdel(key, f"1-{entries[-1].position.sequence}")
    assert await state.problems(talk) == [f"generation {reply.id} has ended, and its log has no last event"]
    assert await state.mend(talk) == []
    assert not await state.redis.exists(key)
    assert said(await app.read(reply)) == SAID


@pytest.mark.parametrize("spoil", ["words", "foreign", "string"])
async def test_a_log_with_other_contents_is_dropped(state, talk, spoil) -> None:
    (reply,) = (await state.inspect(str(talk.id))).history.generations
    key = log_key(reply.id)
    if spoil == "words":
        delta = next(id_ for id_, fields in await state.redis.xrange(key) if b"d" in fields)
        await state.redis.xdel(key, delta)
    elif spoil == "foreign":
        await state.redis.xadd(key, {"not": "ours"}, id="9-1")
    else:
        await state.redis.set(key, "text")
    assert len(await state.problems(talk)) == 1
    assert await state.mend(talk) == []
    assert not await state.redis.exists(key)


async def test_without_the_logs_everything_else_is_seen(app, connections, talk) -> None:
    state = State(app, connections, "redis://127.0.0.1:1")
    found = await state.inspect(str(talk.id))
    assert found.problems == ()
    assert {log.fault for log in found.logs.values()} == {LogFault.UNAVAILABLE}
    checked = [each async for each in state.check()]
    assert not checked[-1].logs_compared
    await state.close()


async def test_all_are_checked_in_pages_and_what_is_lost_is_named(state, talk, app, monkeypatch) -> None:
    monkeypatch.setattr(inspection, "_NEXT", inspection._NEXT.limit(2))
    others = [await app.start() for _ in range(4)]
    lost = others.pop()
    await state.execute("DELETE FROM conversation WHERE id = :id", id=lost.id)
    checked = {each.conversation_id: each.problems async for each in state.check()}
    assert {talk.id, *(other.id for other in others)} <= checked.keys()
    assert checked[talk.id] == ()
    (problem,) = checked[lost.id]
    assert problem.problem == "is missing, and its events are there"
    with pytest.raises(ConversationNotFound):
        await state.inspect(str(lost.id))


async def test_of_who_was_erased_words_are_compared_by_number(state, talk, connections, app) -> None:
    await state.execute("DELETE FROM user_key WHERE user_id = :user", user=talk.user_id)
    assert await state.problems(talk) == []
    await state.execute("UPDATE turn SET text = 'Bye.' WHERE conversation_id = :id AND position = 2", id=talk.id)
    assert await state.problems(talk) == ["turn 2 has 1 words, and 2 in its event"]
    await state.execute("DELETE FROM turn WHERE conversation_id = :id AND position = 1", id=talk.id)
    assert "turn 1 is missing, and its event cannot be opened" in await state.problems(talk)


async def test_a_conversation_that_changes_meanwhile_is_left_alone(state, talk, app) -> None:
    await state.execute("UPDATE conversation SET turns = 9 WHERE id = :id", id=talk.id)
    inspect = state.repair.inspect

    async def and_then_it_changes(conversation_id: str) -> Any:
        found = await inspect(conversation_id)
        await state.execute("UPDATE conversation SET version = version + 1 WHERE id = :id", id=talk.id)
        return found

    repair = RepairConversation(app.store.work, and_then_it_changes, state.logs, app.recover, app.clock)  # type: ignore[arg-type] # called alike
    with pytest.raises(ConcurrentUpdate):
        await repair(str(talk.id), "somebody")
    assert await state.problems(talk) == ["conversation counts 9 turns where there are 3"]


async def test_conversations_are_found_by_everything_that_is_asked_for(state, talk, app, clock) -> None:
    (reply,) = (await state.inspect(str(talk.id))).history.generations
    (said_by,) = [turn for turn in await app.turns(talk) if turn.client_message_id]
    (row,) = await state.execute("SELECT email_key FROM account WHERE id = :id", id=talk.user_id)
    for query in (
        ConversationQuery(user_id=talk.user_id),
        ConversationQuery(email_key=row.email_key),
        ConversationQuery(generation_id=reply.id),
        ConversationQuery(client_message_id=said_by.client_message_id),
        ConversationQuery(user_id=talk.user_id, text="how MAY i"),
        ConversationQuery(user_id=talk.user_id, scenario_id=talk.scenario_id, status=talk.status),
        ConversationQuery(user_id=talk.user_id, since=talk.created_at, until=talk.created_at + HOUR),
    ):
        assert [each.id for each in await state.find(query, 10)] == [talk.id], query
    for query in (
        ConversationQuery(user_id=talk.user_id, active=True),
        ConversationQuery(user_id=talk.user_id, text="%"),
        ConversationQuery(user_id=talk.user_id, until=talk.created_at),
    ):
        assert await state.find(query, 10) == [], query
