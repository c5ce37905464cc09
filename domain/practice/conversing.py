"""A whole conversation in one stream: what changes, the words of every reply, and what the learner asks for."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from domain.practice.commands import Command, CommandHandler
from domain.practice.dialogue import Dialogue, Happening, Place
from domain.practice.errors import CursorUnknown, GenerationNotFound
from domain.practice.ids import parse_conversation_id
from domain.practice.live_streams import ConverseSeat, Ending
from domain.practice.model import Generation
from domain.practice.replies import FollowReply, ResumeReply
from domain.practice.reply import Position, parse_cursor
from domain.practice.watching import ConversationBell, OpenTail


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a stream goes on: after a cursor of the conversation and after one of a reply; empty: the beginning."""

    conversation_id: str
    after: str = ""
    reply_after: str = ""


@dataclass(frozen=True, slots=True)
class Converse:
    """Opens such a stream. One may be open a conversation: the newest."""

    open: OpenTail
    bell: ConversationBell
    seat: ConverseSeat
    follow: FollowReply
    resume: ResumeReply
    carry_out: CommandHandler

    async def __call__(
        self, user_id: UUID, opening: Opening, commands: AsyncIterator[Command], ending: Ending
    ) -> AsyncGenerator[Happening, None]:
        """Yield what happens until the conversation has ended, or `commands` have and with them the reply under way.

        Once `ending` has a reason it ends with Closed. Leaving it stops no reply. Raises ConversationNotFound and
        CursorUnknown, and what reading `commands` raises.
        """
        conversation_id = parse_conversation_id(opening.conversation_id)
        with self.bell.listen(conversation_id) as listener:  # before the first look
            tail = await self.open(user_id, opening.conversation_id, opening.after)
            resumed = await self._resumed(user_id, conversation_id, opening.reply_after)
            place = Place(user_id, conversation_id, tail, listener)
            dialogue = Dialogue(place, self.carry_out, self.follow, ending)
            async with self.seat.take(conversation_id, ending), dialogue:
                dialogue.begin(commands, resumed)
                while (happening := await dialogue.next()) is not None:
                    yield happening

    async def _resumed(self, user_id: UUID, conversation_id: UUID, cursor: str) -> tuple[Generation, Position] | None:
        """Return the reply to read on in, and where; None when no cursor is given. Raises CursorUnknown."""
        if not cursor:
            return None
        parsed = parse_cursor(cursor)
        if parsed is None:
            raise CursorUnknown
        try:
            generation, position = await self.resume.place(user_id, str(parsed[0]), cursor)
        except GenerationNotFound:
            raise CursorUnknown from None
        if generation.conversation_id != conversation_id or position is None:
            raise CursorUnknown
        return generation, position
