"""Saying something."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from domain.practice.budget import reserve
from domain.practice.cancellation import StopReply
from domain.practice.chat import Author
from domain.practice.errors import ClientMessageIdReused, ConversationNotFound, GenerationInProgress
from domain.practice.events import turn_added
from domain.practice.ids import parse_conversation_id
from domain.practice.model import Conversation, Generation, Turn, queue_generation
from domain.practice.ports import PracticeRepositories, PracticeWork, ProductionRunner
from domain.shared.checks import Checks, Refused
from domain.shared.clock import Clock
from domain.shared.text import prose

START_WITHIN = timedelta(seconds=5)
"""A reply that no producer has taken by then was lost with its process: the sweeper takes it up."""
MOST_INTERRUPTED = 3
"""Replies that one message stops: who meets more of them is one of several devices that all talk at once."""

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_parse_text = prose(1, 2000)


@dataclass(frozen=True, slots=True)
class Message:
    """What the learner says; `client_message_id` is the client's own id of it, unique within the conversation.

    With `interrupt` it stops the reply under way.
    """

    conversation_id: str
    client_message_id: str
    text: str
    interrupt: bool = False


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Keeps what the learner says and has the partner reply.

    The same `client_message_id` again says nothing twice and stops nothing: it gives the generation that exists.
    """

    uow: Callable[[], PracticeWork]
    runner: ProductionRunner
    stop: StopReply
    clock: Clock

    async def __call__(self, user_id: UUID, message: Message) -> Generation:
        """Return the generation to follow.

        Raises InvalidRequest, ConversationNotFound, ConversationEnded, ConversationIsPaused, ClientMessageIdReused,
        TokenBudgetExhausted, and GenerationInProgress: the reply under way is not to be interrupted, or did not end in
        time.
        """
        key, text = check_message(message)
        conversation_id = parse_conversation_id(message.conversation_id)
        stopped = None
        for _ in range(MOST_INTERRUPTED if message.interrupt else 0):
            try:
                return await self._say(user_id, conversation_id, key, text)
            except GenerationInProgress as running:
                if running.generation_id == stopped:
                    raise
                stopped = running.generation_id
            await self.stop(stopped)
        return await self._say(user_id, conversation_id, key, text)

    async def _say(self, user_id: UUID, conversation_id: UUID, key: str, text: str) -> Generation:
        async with self.uow() as work:
            conversation = await work.conversations.lock(conversation_id, user_id)
            if conversation is None:
                raise ConversationNotFound(str(conversation_id))
            existing = await _existing(work, conversation, key, text)
            if existing is not None:
                return existing
            generation = await self._write(work, conversation, key, text)
            await work.commit()
        self.runner.start(generation)
        return generation

    async def _write(self, work: PracticeWork, conversation: Conversation, key: str, text: str) -> Generation:
        now, generation_id = self.clock(), uuid4()
        after = conversation.begin_turn(generation_id, now)
        await reserve(work, conversation.user_id, now)
        turn = Turn(
            id=uuid4(),
            conversation_id=conversation.id,
            position=after.turns,
            author=Author.LEARNER,
            text=text,
            partial=False,
            client_message_id=key,
            generation_id=generation_id,
            created_at=now,
            version=after.version,
        )
        generation = queue_generation(generation_id, turn, after, START_WITHIN)
        await work.turns.add(turn)
        await work.generations.add(generation)
        await work.conversations.save(after)
        work.record(turn_added(turn, conversation.user_id))
        return generation


def check_message(message: Message) -> tuple[str, str]:
    """Return the client's id of the message and its text, fit to keep. Raises InvalidRequest."""
    with Checks() as check:
        key = check("client_message_id", parse_key, message.client_message_id)
        text = check("text", _parse_text, message.text)
    return key, text


def parse_key(value: str) -> str:
    """Return a client's own id of a message or wish. Raises Refused."""
    if not value:
        raise Refused("REQUIRED", "A value is required.")
    if _KEY.fullmatch(value) is None:
        raise Refused("INVALID_FORMAT", "1 to 64 letters, digits, '-' and '_' are allowed.")
    return value


async def _existing(work: PracticeRepositories, conversation: Conversation, key: str, text: str) -> Generation | None:
    said = await work.turns.by_client_message_id(conversation.id, key)
    if said is None:
        if await work.generations.by_client_message_id(conversation.id, key) is not None:
            raise ClientMessageIdReused(key)
        return None
    if said.text != text:
        raise ClientMessageIdReused(key)
    generation = await work.generations.get(said.generation_id) if said.generation_id else None
    if generation is None:
        raise LookupError(f"turn {said.id} has lost its generation")
    return generation
