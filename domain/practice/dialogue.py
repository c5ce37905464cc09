"""One open Converse: several tasks that have something to say, and one line in which it is said."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias
from uuid import UUID

from domain.practice.commands import Command, CommandHandler, key_of
from domain.practice.errors import ConversationNotFound, GenerationNotFound
from domain.practice.live_streams import Closed, Ending
from domain.practice.model import Conversation, Generation
from domain.practice.replies import FollowReply
from domain.practice.reply import LogEntry, Position
from domain.practice.watching import Changed, ConversationTail, Listener, conversation_cursor
from domain.shared.errors import DomainError
from domain.shared.retrying import retried

LINE = 64
"""Happenings that wait for a slow reader. Beyond that the tasks wait too: log and tables keep what comes."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The next entry of a reply's log. The id is text, since it is sent with each of them."""

    generation_id: str
    entry: LogEntry


@dataclass(frozen=True, slots=True)
class RefusedCommand:
    """What was asked for was refused; `client_message_id` is empty where it had none."""

    client_message_id: str
    refusal: DomainError


Happening: TypeAlias = Changed | Heard | RefusedCommand | Closed
"""What such a stream says."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dialogue stands: `tail` reads the changes of its conversation, `listener` hears of them."""

    user_id: UUID
    conversation_id: UUID
    tail: ConversationTail
    listener: Listener


class Dialogue:
    """Merges changes, replies and refusals; a block, at whose end its tasks end."""

    def __init__(self, place: Place, carry_out: CommandHandler, read: FollowReply, ending: Ending) -> None:
        self._place, self._carry_out, self._read, self._ending = place, carry_out, read, ending
        self._line: asyncio.Queue[Happening | None] = asyncio.Queue(LINE)
        self._cursor = place.tail.cursor
        """Of what the reader has been given."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._replies: set[UUID] = set()
        """Those that are being read."""
        self._known: set[UUID] = set()
        """Those that were read, or are."""
        self._failure: BaseException | None = None
        self._watches = True
        self._is_closed = False
        self._is_caught_up = False
        """Whether all that there was at the opening has been said."""
        self._hears = True
        """Whether the learner may still ask for something."""

    async def __aenter__(self) -> Self:
        self._ending.tell(self._wake)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self, commands: AsyncIterator[Command], resumed: tuple[Generation, Position] | None) -> None:
        """Begin to watch, to do what is asked for, and to read on in the reply that was `resumed`."""
        if resumed is not None:
            self._follow(*resumed)
        self._start(self._watch())
        self._start(self._obey(commands))

    async def next(self) -> Happening | None:
        """Return the next happening; None after the last. Raises what a task failed with."""
        while not self._is_closed:
            if self._failure is not None:
                raise self._failure
            if self._ending.reason is not None:
                self._is_closed = True
                return Closed(self._ending.reason, self._cursor)
            if self._line.empty() and not self._watches and not self._replies:
                return None
            happening = await self._line.get()
            if happening is not None:
                return self._given(happening)
        return None

    def _given(self, happening: Happening) -> Happening:
        self._ending.use()
        if isinstance(happening, Conversation):
            self._cursor = conversation_cursor(happening.id, happening.version)
        return happening

    async def _watch(self) -> None:
        """Say what changes, until nothing more can, or until all that was asked for is done and said."""
        tail, listener = self._place.tail, self._place.listener
        while True:
            was_quiet = self._is_quiet
            async with aclosing(tail.look()) as news:
                async for changed in news:
                    await self._line.put(changed)
                    if isinstance(changed, Generation):
                        self._notice(changed)
            if tail.is_over or (was_quiet and self._is_caught_up):
                break
            self._is_caught_up = True
            if not self._is_quiet:
                await listener.wait(tail.version)
        self._watches = False

    def _notice(self, generation: Generation) -> None:
        """Read a reply that is under way, and one that began after the opening though it has ended by now."""
        if generation.id not in self._known and (self._is_caught_up or not generation.has_ended):
            self._follow(generation, None)

    async def _obey(self, commands: AsyncIterator[Command]) -> None:
        """Do what is asked for, one thing after the other."""
        async for command in commands:
            self._ending.use()
            try:
                await self._do(command)
            except DomainError as refusal:
                await self._line.put(RefusedCommand(key_of(command), refusal))
        self._hears = False
        self._place.listener.ring()

    async def _do(self, command: Command) -> None:
        place = self._place
        reply = await retried(lambda: self._carry_out(place.user_id, place.conversation_id, command))
        if reply is not None:
            self._follow(reply, None)

    def _follow(self, generation: Generation, after: Position | None) -> None:
        if generation.id not in self._replies:
            self._replies.add(generation.id)
            self._known.add(generation.id)
            self._start(self._read_out(generation, after))

    async def _read_out(self, generation: Generation, after: Position | None) -> None:
        generation_id = str(generation.id)
        try:
            async with aclosing(self._read(generation, after)) as entries:
                async for entry in entries:
                    await self._line.put(Heard(generation_id, entry))
        except GenerationNotFound:  # its learner was deleted meanwhile
            raise ConversationNotFound(str(self._place.conversation_id)) from None
        self._replies.discard(generation.id)
        self._place.listener.ring()  # the watch may have waited for this

    @property
    def _is_quiet(self) -> bool:
        """Whether nothing more is asked for, and no reply is being read."""
        return not self._hears and not self._replies

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()
        self._wake()

    def _wake(self) -> None:
        if self._line.empty():  # else whoever takes from it will look
            self._line.put_nowait(None)
