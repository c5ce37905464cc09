"""A whole conversation in one stream, over fakes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel

from adapters.live.listeners import Listeners
from adapters.live.seats import LocalSeats
from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.commands import Cancel, CommandHandler, Misplaced, Regenerate
from domain.practice.conversing import Converse, Opening
from domain.practice.dialogue import LINE, Heard, RefusedCommand
from domain.practice.errors import ConversationNotFound, CursorUnknown
from domain.practice.live_streams import Closed, ClosingReason, Ending
from domain.practice.messages import Message
from domain.practice.model import Conversation, Generation, Turn
from domain.practice.reply import Cancelled, Completed, TextDelta, cursor
from domain.practice.watching import OpenTail, conversation_cursor
from domain.shared.errors import InvalidRequest, Violation

STOP = Finish(FinishReason.STOP)
REPLY = (Delta("You are "), Delta("welcome."), STOP)


class Client:
    """One open stream: `ask` says something, `end` that there is no more, `heard` is all that came."""

    def __init__(self, converse: Converse, opening: Opening, user_id, ending: Ending) -> None:
        self._commands: asyncio.Queue = asyncio.Queue()
        self.ending = ending
        self.heard: list = []
        self.happenings = converse(user_id, opening, self._each(), ending)

    async def _each(self) -> AsyncIterator:
        while (command := await self._commands.get()) is not None:
            if isinstance(command, Exception):
                raise command
            yield command

    def ask(self, *commands) -> None:
        for command in commands:
            self._commands.put_nowait(command)

    def end(self) -> None:
        self._commands.put_nowait(None)

    async def next(self):
        async with asyncio.timeout(5):
            self.heard.append(await anext(self.happenings))
        return self.heard[-1]

    async def until(self, kind: type, **fields):
        """Read on to one of a kind with such fields; of an entry of a reply they are those of its event."""
        while not _is(await self.next(), kind, fields):
            pass
        return self.heard[-1]

    async def sees(self, kind: type, **fields):
        """Return one that came, or read on to it: changes and words come in either order."""
        came = next((one for one in self.heard if _is(one, kind, fields)), None)
        return came or await self.until(kind, **fields)

    async def rest(self) -> list:
        async with asyncio.timeout(5):
            more = [happening async for happening in self.happenings]
        self.heard += more
        return more

    def text(self) -> str:
        events = (one.entry.event for one in self.heard if isinstance(one, Heard))
        return "".join(event.text for event in events if isinstance(event, TextDelta))

    def turns(self) -> dict[int, str]:
        return {one.position: one.text for one in self.heard if isinstance(one, Turn) and not one.replaced}


def _is(happening, kind: type, fields: dict) -> bool:
    found = happening.entry.event if isinstance(happening, Heard) else happening
    return isinstance(found, kind) and all(getattr(found, name) == value for name, value in fields.items())


@pytest.fixture
async def join(app):
    """Open a stream of the learner's, or of somebody else's."""
    listeners = Listeners()
    app.store.changed = listeners.tell
    reads = app.store.reads
    handler = CommandHandler(reads, app.send_message, app.regenerate_reply, app.cancel_reply)
    converse = Converse(OpenTail(reads), listeners, LocalSeats(), app.follow, app.resume_reply, handler)
    opened: list[Client] = []

    @asynccontextmanager
    async def enter(conversation: object, after: str = "", reply_after: str = "", user_id=None):
        place = Opening(str(getattr(conversation, "id", conversation)), after, reply_after)
        client = Client(converse, place, user_id or app.user_id, Ending())
        opened.append(client)
        async with aclosing(client.happenings):
            yield client

    return enter


def message(conversation: Conversation, text: str = "Good evening.", key: str = "m-1", **fields) -> Message:
    return Message(str(conversation.id), key, text, **fields)


async def test_what_is_said_is_answered_word_by_word_and_becomes_turns(app, join) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    async with join(conversation) as client:
        client.ask(message(conversation))
        client.end()
        await client.rest()
        assert client.text() == "You are welcome."
        assert list(client.turns().values())[1:] == ["Good evening.", "You are welcome."]
        assert [one.version for one in client.heard if isinstance(one, Conversation)][-1] == 3


async def test_who_asks_for_nothing_gets_what_there_is_and_the_end(app, join) -> None:
    conversation = await app.start()
    async with join(conversation) as client:
        client.end()
        assert [type(one) for one in await client.rest()] == [Turn, Conversation]


async def test_another_device_hears_every_word_of_a_reply_that_it_did_not_ask_for(app, join) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    async with join(conversation) as client:
        await client.until(Conversation)
        await app.read(await app.send(conversation))
        await client.until(Completed)
        await client.sees(Conversation, version=3)
        assert client.text() == "You are welcome."


async def test_a_reply_under_way_comes_from_its_beginning_and_is_not_stopped_by_who_leaves(app, join) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("You are "), gate, *REPLY[1:])
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    async with join(conversation) as client:
        await client.until(TextDelta, text="You are ")
    gate.set()
    assert (await app.read(generation))[-1].event.finish_reason == "stop"


async def test_after_both_cursors_the_rest_comes_and_nothing_twice(app, join) -> None:
    gate = asyncio.Event()
    app.model = FakeChatModel(Delta("You are "), gate, *REPLY[1:])
    conversation = await app.start()
    async with join(conversation) as first:
        first.ask(message(conversation))
        await first.until(TextDelta)
        generation_id, place = first.heard[-1].generation_id, first.heard[-1].entry.position
        while not any(isinstance(one, Conversation) and one.version == 2 for one in first.heard):
            await first.next()
    async with join(conversation, f"{conversation.id}:2", cursor(generation_id, place)) as second:
        gate.set()
        second.end()
        await second.rest()
    assert first.text() + second.text() == "You are welcome."
    assert [one.text for one in second.heard if isinstance(one, Turn)] == ["You are welcome."]


async def test_replies_that_ended_before_the_cursor_are_not_read_again(app, join) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    await app.read(await app.send(conversation))
    async with join(conversation, conversation_cursor(conversation.id, 1)) as client:
        client.end()
        kinds = [type(one) for one in await client.rest()]
        assert kinds == [Turn, Turn, Generation, Conversation]


async def test_a_refusal_is_told_with_its_key_and_ends_nothing(app, join) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    wrong = InvalidRequest((Violation("open", "MISPLACED", "No."),))
    async with join(conversation) as client:
        client.ask(
            message(conversation, "", "m-1"),
            message(conversation, "a\0b", "m-2"),
            message(conversation, "a" * 2001, "m-3"),
            Cancel("abc"),
            Regenerate("abc", "m-4"),
            Misplaced(wrong, "m-5"),
            message(conversation, "Good evening.", "m-6"),
        )
        client.end()
        await client.rest()
        refused = [one for one in client.heard if isinstance(one, RefusedCommand)]
        assert [one.client_message_id for one in refused] == ["m-1", "m-2", "m-3", "", "m-4", "m-5"]
        assert [one.refusal.reason for one in refused] == [
            *("INVALID_REQUEST", "INVALID_REQUEST", "INVALID_REQUEST"),
            *("GENERATION_NOT_FOUND", "TURN_NOT_FOUND", "INVALID_REQUEST"),
        ]
        assert client.text() == "You are welcome."


async def test_while_a_reply_is_under_way_the_next_message_is_refused_or_interrupts_it(app, join) -> None:
    app.model = FakeChatModel(Delta("You are "), asyncio.Event())
    conversation = await app.start()
    async with join(conversation) as client:
        client.ask(message(conversation))
        await client.until(TextDelta)
        client.ask(message(conversation, "And?", "m-2"))
        refused = await client.until(RefusedCommand)
        assert refused.refusal.reason == "GENERATION_IN_PROGRESS"
        app.model = FakeChatModel(*REPLY)
        client.ask(message(conversation, "Wait.", "m-3", interrupt=True))
        await client.until(Cancelled)
        await client.until(Completed)
        client.end()
        await client.rest()
        assert list(client.turns().values())[1:] == ["Good evening.", "You are ", "Wait.", "You are welcome."]


async def test_a_reply_is_stopped_by_its_id_or_as_the_one_under_way(app, join) -> None:
    conversation = await app.start()
    async with join(conversation) as client:
        client.ask(Cancel(""))  # there is none: nothing happens
        for key, by_id in [("m-1", True), ("m-2", False)]:
            app.model = FakeChatModel(Delta("You are "), asyncio.Event())
            client.ask(message(conversation, key=key))
            heard = await client.until(TextDelta)
            client.ask(Cancel(heard.generation_id if by_id else ""))
            await client.until(Cancelled)


async def test_a_reply_is_made_anew_and_takes_the_place_of_the_one_before(app, join) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    async with join(conversation) as client:
        client.ask(message(conversation))
        await client.until(Completed)
        reply = await client.sees(Turn, position=3)
        client.ask(Regenerate(str(reply.id), "r-1"))
        await client.until(Completed)
        assert (await client.sees(Turn, replaced=True)).id == reply.id
        await client.sees(Turn, position=4)


async def test_the_same_message_again_joins_its_reply(app, join) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation = await app.start()
    async with join(conversation) as client:
        client.ask(message(conversation))
        await client.until(Completed)
        client.ask(message(conversation))
        client.end()
        await client.rest()
        assert client.text() == "You are welcome." * 2
        assert len(await app.turns(conversation)) == 3


async def test_the_newest_wins_and_the_one_before_is_told_its_cursor(app, join) -> None:
    conversation = await app.start()
    async with join(conversation) as older, join(conversation) as newer:
        await older.until(Conversation)
        await newer.until(Conversation)
        assert await older.next() == Closed(ClosingReason.SUPERSEDED, conversation_cursor(conversation.id, 1))
        assert await older.rest() == []
        newer.end()
        assert await newer.rest() == []


async def test_an_ending_comes_before_all_that_waits_for_a_slow_reader(app, join) -> None:
    app.model = FakeChatModel(*(Delta(f"{number} ") for number in range(3 * LINE)), STOP)
    conversation = await app.start()
    async with join(conversation) as client:
        await client.until(Conversation)
        await app.read(await app.send(conversation))
        await client.next()
        client.ending.end(ClosingReason.UNAVAILABLE)
        assert await client.next() == Closed(ClosingReason.UNAVAILABLE, conversation_cursor(conversation.id, 1))


async def test_a_slow_reader_gets_everything_in_order(app, join) -> None:
    words = [f"{number} " for number in range(5 * LINE)]
    app.model = FakeChatModel(*map(Delta, words), STOP)
    conversation = await app.start()
    async with join(conversation) as client:
        client.ask(message(conversation))
        await client.until(Conversation)
        await app.read(await app.send(conversation, "Good evening.", "m-1"))
        client.end()
        await client.rest()
        assert client.text() == "".join(words)


async def test_the_stream_ends_with_the_conversation(app, join) -> None:
    conversation = await app.start()
    async with join(conversation) as client:
        await client.until(Conversation)
        await app.end_conversation(app.user_id, str(conversation.id), "")
        assert (await client.rest())[-1].ended_at is not None


async def test_what_is_wrong_with_the_clients_stream_ends_it(app, join) -> None:
    conversation = await app.start()
    async with join(conversation) as client:
        client.ask(InvalidRequest(()))
        with pytest.raises(InvalidRequest):
            await client.rest()


async def test_a_deleted_learner_ends_it(app, join) -> None:
    conversation = await app.start()
    async with join(conversation) as client:
        await client.until(Conversation)
        del app.store.state.conversations[conversation.id]
        app.store.changed(conversation.id)
        with pytest.raises(ConversationNotFound):
            await client.rest()


async def test_a_strangers_conversation_is_not_found(app, join) -> None:
    conversation = await app.start()
    for asked, user_id in [(conversation, uuid4()), ("abc", None), (uuid4(), None)]:
        async with join(asked, user_id=user_id) as client:
            with pytest.raises(ConversationNotFound):
                await client.next()


async def test_cursors_that_were_never_given_are_unknown(app, join) -> None:
    app.model = FakeChatModel(*REPLY)
    conversation, other = await app.start(), await app.start()
    generation = await app.send(other)
    last = (await app.read(generation))[-1].position
    for after, reply_after in [("abc", ""), (f"{conversation.id}:2", ""), ("", "abc"), ("", f"{uuid4()}:1-1")]:
        async with join(conversation, after, reply_after) as client:
            with pytest.raises(CursorUnknown):
                await client.next()
    async with join(conversation, "", cursor(generation.id, last)) as client:
        with pytest.raises(CursorUnknown):
            await client.next()
