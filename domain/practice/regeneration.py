"""Having the partner reply anew."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.practice.budget import reserve
from domain.practice.chat import Author
from domain.practice.errors import ClientMessageIdReused, TurnNotFound, TurnNotNewest
from domain.practice.ids import parse_turn_id
from domain.practice.messages import START_WITHIN, parse_key
from domain.practice.model import Conversation, Generation, Turn, queue_generation
from domain.practice.ports import PracticeRepositories, PracticeWork, ProductionRunner
from domain.shared.checks import Checks
from domain.shared.clock import Clock


@dataclass(frozen=True, slots=True)
class RegenerateReply:
    """Has the partner reply anew to what the learner said last: a sibling of the generation that there is.

    The earlier reply stays until the new one has ended with something said. The same `client_message_id` again asks for
    nothing twice: it gives the generation that exists.
    """

    uow: Callable[[], PracticeWork]
    runner: ProductionRunner
    clock: Clock

    async def __call__(self, user_id: UUID, turn_id: str, client_message_id: str) -> Generation:
        """Return the generation to follow. `turn_id` is the learner's newest turn, or any reply to it.

        Raises InvalidRequest, TurnNotFound, TurnNotNewest, ConversationEnded, ConversationIsPaused,
        GenerationInProgress, TokenBudgetExhausted, ClientMessageIdReused. The opening line replies to nothing: it is
        TurnNotNewest, always.
        """
        with Checks() as check:
            key = check("client_message_id", parse_key, client_message_id)
        parsed = parse_turn_id(turn_id)
        async with self.uow() as work:
            turn = await work.turns.get(parsed)
            conversation = None if turn is None else await work.conversations.lock(turn.conversation_id, user_id)
            if turn is None or conversation is None:
                raise TurnNotFound(turn_id)
            asked = await _asked(work, turn)
            existing = await _existing(work, conversation, asked, key)
            if existing is not None:
                return existing
            generation = await self._write(work, conversation, await _newest(work, turn, asked), key)
            await work.commit()
        self.runner.start(generation)
        return generation

    async def _write(self, work: PracticeWork, conversation: Conversation, turn: Turn, key: str) -> Generation:
        now, generation_id = self.clock(), uuid4()
        after = conversation.begin_reply(generation_id, now)
        await reserve(work, conversation.user_id, now)
        generation = queue_generation(generation_id, turn, after, START_WITHIN, key)
        await work.generations.add(generation)
        await work.conversations.save(after)
        return generation


async def _asked(work: PracticeRepositories, turn: Turn) -> UUID | None:
    """Return the learner's turn that `turn` is or replies to; None for the opening line."""
    if turn.author is Author.LEARNER:
        return turn.id
    made_by = await work.generations.get(turn.generation_id) if turn.generation_id else None
    return None if made_by is None else made_by.turn_id


async def _existing(
    work: PracticeRepositories, conversation: Conversation, asked: UUID | None, key: str
) -> Generation | None:
    found = await work.generations.by_client_message_id(conversation.id, key)
    if found is None:
        if await work.turns.by_client_message_id(conversation.id, key) is not None:
            raise ClientMessageIdReused(key)
        return None
    if found.turn_id != asked:
        raise ClientMessageIdReused(key)
    return found


async def _newest(work: PracticeRepositories, turn: Turn, asked: UUID | None) -> Turn:
    newest = await work.turns.newest_of_learner(turn.conversation_id)
    if newest is None or newest.id != asked:
        raise TurnNotNewest(turn.id)
    return newest
