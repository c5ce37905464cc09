"""Seeing what changes in a conversation, on every device that shows it."""

import re
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from domain.practice.errors import ConversationNotFound, CursorUnknown
from domain.practice.ids import parse_conversation_id
from domain.practice.live_streams import Closed, Ending
from domain.practice.model import Conversation, Generation, Turn
from domain.practice.ports import PracticeReads, PracticeRepositories

Changed: TypeAlias = Turn | Generation | Conversation
"""One thing that changed, as it is then. What one change brought ends with the conversation."""

_CURSOR = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9][0-9]{0,8})")
_PAGE = 100
"""Turns read at once: some 20 KB of what people say."""


def conversation_cursor(conversation_id: UUID, version: int) -> str:
    """Return the cursor that stands for all changes up to `version`: `<conversation>:<version>`."""
    return f"{conversation_id}:{version}"


def parse_conversation_cursor(text: str, conversation: Conversation) -> int:
    """Return the version for which `text` stands; 0, the beginning, when it is empty.

    Raises CursorUnknown when `conversation` has never given it.
    """
    if not text:
        return 0
    found = _CURSOR.fullmatch(text)
    if found is None or UUID(found[1]) != conversation.id or int(found[2]) > conversation.version:
        raise CursorUnknown("conversation")
    return int(found[2])


class Listener(Protocol):
    """Hears when one conversation may have changed."""

    async def wait(self, seen: int) -> None:
        """Return once the conversation may have gone beyond version `seen`, or somebody has called `ring` since."""

    def ring(self) -> None:
        """Have `wait` return."""


class ConversationBell(Protocol):
    """Tells of changes that were committed, by whatever process. It may tell too often, and late; never not at all."""

    def listen(self, conversation_id: UUID) -> AbstractContextManager[Listener]:
        """Listen for a block. A change after its beginning is told."""


class ConversationTail:
    """Where one watcher stands: everything up to `version` was sent."""

    def __init__(self, reads: PracticeReads, conversation: Conversation, version: int) -> None:
        self._reads = reads
        self._id, self._user_id = conversation.id, conversation.user_id
        self.version = version
        self.is_over = False
        """Whether nothing more can change."""

    @property
    def cursor(self) -> str:
        """What stands for `version`; empty when nothing was sent yet."""
        return conversation_cursor(self._id, self.version) if self.version else ""

    async def look(self) -> AsyncGenerator[Changed, None]:
        """Yield what has changed since the last look, the conversation last; nothing when nothing has.

        Raises ConversationNotFound when its learner was deleted meanwhile.
        """
        async with self._reads() as reads:
            now = await reads.conversations.get(self._id, self._user_id)
            if now is None:
                raise ConversationNotFound(str(self._id))
            if now.version > self.version:
                async with aclosing(self._since(reads, now)) as news:
                    async for changed in news:
                        yield changed
                self.version = now.version
                yield now
        self.is_over = now.has_ended and now.active_generation_id is None

    async def _since(self, reads: PracticeRepositories, now: Conversation) -> AsyncGenerator[Changed, None]:
        """Yield what came with the versions up to that of `now`; what comes meanwhile is for the next look."""
        position, page = 0, _PAGE
        while page == _PAGE:
            turns = await reads.turns.changed(self._id, (self.version, now.version), position, _PAGE)
            for turn in turns:
                if self.version or not turn.replaced:
                    yield turn
                position = turn.position
            page = len(turns)
        for generation in await self._generations(reads, now):
            yield generation

    async def _generations(self, reads: PracticeRepositories, now: Conversation) -> list[Generation]:
        if self.version:
            return list(await reads.generations.changed(self._id, (self.version, now.version)))
        if now.active_generation_id is None:
            return []
        active = await reads.generations.get(now.active_generation_id)
        return [active] if active is not None and not active.has_ended else []


@dataclass(frozen=True, slots=True)
class OpenTail:
    """Finds where a watcher goes on."""

    reads: PracticeReads

    async def __call__(self, user_id: UUID, conversation_id: str, after: str) -> ConversationTail:
        """Return the place after the cursor `after`; empty: before everything.

        Raises ConversationNotFound and CursorUnknown.
        """
        async with self.reads() as reads:
            conversation = await reads.conversations.get(parse_conversation_id(conversation_id), user_id)
        if conversation is None:
            raise ConversationNotFound(conversation_id)
        return ConversationTail(self.reads, conversation, parse_conversation_cursor(after, conversation))


@dataclass(frozen=True, slots=True)
class WatchConversation:
    """Tells what changes in a conversation until it has ended."""

    open: OpenTail
    bell: ConversationBell

    async def __call__(
        self, user_id: UUID, conversation_id: str, after: str, ending: Ending
    ) -> AsyncGenerator[Changed | Closed, None]:
        """Yield what there is after the cursor `after`, then what changes, each change's conversation last.

        It ends with the conversation, or with Closed once `ending` has a reason.

        Without `after` replaced turns and replies that have ended are left out of what there is. Raises
        ConversationNotFound and CursorUnknown.
        """
        with self.bell.listen(parse_conversation_id(conversation_id)) as listener:  # before the first look
            ending.tell(listener.ring)
            tail = await self.open(user_id, conversation_id, after)
            while ending.reason is None:
                async with aclosing(tail.look()) as news:
                    async for changed in news:
                        ending.use()
                        yield changed
                if tail.is_over:
                    return
                await listener.wait(tail.version)
            yield Closed(ending.reason, tail.cursor)
