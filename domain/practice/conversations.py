"""Starting, reading and listing conversations."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.practice.chat import Author
from domain.practice.errors import ConversationNotFound, ScenarioNotFound
from domain.practice.events import ConversationStarted, turn_added
from domain.practice.ids import parse_conversation_id, parse_scenario_id
from domain.practice.listing import cut, parse_place, parse_position, place_text
from domain.practice.model import Conversation, Turn, start_conversation
from domain.practice.ports import PracticeReads, PracticeWork
from domain.shared.clock import Clock
from domain.shared.pages import Page, PageRequest


@dataclass(frozen=True, slots=True)
class StartConversation:
    """Begins a role-play. The partner's opening line is its first turn."""

    uow: Callable[[], PracticeWork]
    clock: Clock

    async def __call__(self, user_id: UUID, scenario_id: str) -> Conversation:
        """Return the new conversation. Raises ScenarioNotFound."""
        key = parse_scenario_id(scenario_id)
        async with self.uow() as work:
            scenario = await work.scenarios.get(key, user_id)
            if scenario is None:
                raise ScenarioNotFound(scenario_id)
            conversation = start_conversation(user_id, scenario.id, self.clock())
            await work.conversations.add(conversation)
            opening = _opening(conversation, scenario.opening_line)
            await work.turns.add(opening)
            started = ConversationStarted(conversation_id=conversation.id, user_id=user_id, scenario_id=scenario.id)
            work.record(started, turn_added(opening, user_id))
            await work.commit(conversation)
        return conversation


def _opening(conversation: Conversation, line: str) -> Turn:
    return Turn(
        id=uuid4(),
        conversation_id=conversation.id,
        position=1,
        author=Author.PARTNER,
        text=line,
        partial=False,
        client_message_id=None,
        generation_id=None,
        created_at=conversation.created_at,
        version=conversation.version,
    )


@dataclass(frozen=True, slots=True)
class GetConversation:
    """Reads one conversation of the learner."""

    reads: PracticeReads

    async def __call__(self, user_id: UUID, conversation_id: str) -> Conversation:
        """Return it. Raises ConversationNotFound."""
        parsed = parse_conversation_id(conversation_id)
        async with self.reads() as reads:
            conversation = await reads.conversations.get(parsed, user_id)
        if conversation is None:
            raise ConversationNotFound(conversation_id)
        return conversation


@dataclass(frozen=True, slots=True)
class ListConversations:
    """Lists the learner's conversations, the newest first."""

    reads: PracticeReads

    async def __call__(self, user_id: UUID, page: PageRequest) -> Page[Conversation]:
        """Return one page. Raises InvalidRequest for a page that begins nowhere."""
        before = parse_place(page.after)
        async with self.reads() as reads:
            found = await reads.conversations.newest(user_id, before, page.size + 1)
        return cut(found, page.size, place_text)


@dataclass(frozen=True, slots=True)
class ListTurns:
    """Lists what was said in a conversation, in order, each reply once.

    Replaced turns have left a gap in the positions. While the partner replies anew, the reply there is stays out too:
    should the new one end with nothing said, it is back.
    """

    reads: PracticeReads

    async def __call__(self, user_id: UUID, conversation_id: str, page: PageRequest) -> Page[Turn]:
        """Return one page. Raises ConversationNotFound, and InvalidRequest for a page that begins nowhere."""
        position = parse_position(page.after)
        parsed = parse_conversation_id(conversation_id)
        async with self.reads() as reads:
            if await reads.conversations.get(parsed, user_id) is None:
                raise ConversationNotFound(conversation_id)
            found = await reads.turns.after(parsed, position, page.size + 1)
        return cut(found, page.size, lambda turn: str(turn.position))
