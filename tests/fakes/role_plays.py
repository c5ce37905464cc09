"""Every use case of role-plays over one set of ports, called by their names, for one learner."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from adapters.live.runner import LocalRunner
from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from domain.practice.cancellation import CancelReply, EndConversation, StopReply
from domain.practice.chat import Author
from domain.practice.conversations import GetConversation, ListConversations, ListTurns, StartConversation
from domain.practice.finishing import FinishReply
from domain.practice.interruption import Interruption
from domain.practice.lease_keeper import LeaseKeeper
from domain.practice.leases import Leases
from domain.practice.log import Doorbell, GenerationLog
from domain.practice.messages import Message, SendMessage
from domain.practice.model import Conversation, Generation, Turn
from domain.practice.pausing import PauseConversation, ResumeConversation
from domain.practice.production import ProduceReply
from domain.practice.recovery import RecoverReply
from domain.practice.regeneration import RegenerateReply
from domain.practice.replies import FollowReply, ResumeReply
from domain.practice.reply import LogEntry, Position, TextDelta, cursor
from domain.shared.clock import Clock, system_clock
from domain.shared.pages import PageRequest
from fakes.master_keys import MASTER_KEYS
from fakes.practice import FakeChatModel
from workers.sweeper import Sweeper


async def no_pause(_seconds: float) -> None:
    """Pause for one turn of the loop."""
    await asyncio.sleep(0)


class FreeLock:
    """A lock that everybody holds."""

    def hold(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Let others run until `condition` holds."""
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - what changes is in a database, which wakes nobody
            await asyncio.sleep(0.001)


@dataclass
class SqlStore:
    """The database, in the form of FakePracticeStore."""

    connections: Connections

    def __post_init__(self) -> None:
        self.reads = SqlReads(self.connections)

    def work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.connections, system_clock, MASTER_KEYS)


@dataclass
class RolePlays:
    """`store` makes units of work and reads; set `model` before a message is sent.

    `idle`: productions die before they take a lease.
    """

    store: Any
    log: GenerationLog
    doorbell: Doorbell
    clock: Clock
    scenario_id: str
    user_id: UUID
    model: FakeChatModel = field(default_factory=FakeChatModel)
    fallbacks: tuple[FakeChatModel, ...] = ()
    renew_every: float = 5.0
    idle: bool = False

    def __post_init__(self) -> None:
        work, reads = self.store.work, self.store.reads
        self.leases = Leases(work, self.clock)
        self.finish = FinishReply(work, self.log, self.clock)
        self.runner = LocalRunner(self.produce)
        self.recover = RecoverReply(self.log, self.leases, self.finish, self.runner)
        self.follow = FollowReply(reads, self.log, no_pause)
        self.stop = StopReply(work, self.doorbell, self.recover, self.follow, self.clock)
        self.start_conversation = StartConversation(work, self.clock)
        self.get_conversation = GetConversation(reads)
        self.list_conversations = ListConversations(reads)
        self.list_turns = ListTurns(reads)
        self.send_message = SendMessage(work, self.runner, self.stop, self.clock)
        self.regenerate_reply = RegenerateReply(work, self.runner, self.clock)
        self.pause_conversation = PauseConversation(work, self.clock)
        self.resume_conversation = ResumeConversation(work, self.clock)
        self.resume_reply = ResumeReply(reads, self.log, self.follow)
        self.cancel_reply = CancelReply(reads, self.stop)
        self.end_conversation = EndConversation(work, reads, self.stop, self.clock)
        self.sweeper = Sweeper(reads, self.recover, self.clock, FreeLock(), no_pause)

    async def produce(self, generation: Generation, interruption: Interruption) -> None:
        """Produce with the model and pace that are set now."""
        if self.idle:
            return
        models = (self.model, *self.fallbacks)
        keeper = LeaseKeeper(self.leases, self.renew_every)
        produce = ProduceReply(self.store.reads, self.log, self.leases, self.finish, models, keeper)
        await produce(generation, interruption)

    async def start(self) -> Conversation:
        """Start a conversation."""
        return await self.start_conversation(self.user_id, self.scenario_id)

    async def queue(self) -> Generation:
        """Send a message whose reply nobody produces."""
        conversation, self.idle = await self.start(), True
        generation = await self.send(conversation)
        await until(self._is_idle)
        self.idle = False
        return generation

    async def _is_idle(self) -> bool:
        return len(self.runner) == 0

    async def heard(self, generation: Generation) -> LogEntry:
        """Wait for the first words of a reply."""
        async with aclosing(self.resume_reply(self.user_id, str(generation.id), "")) as entries:
            async for entry in entries:
                if isinstance(entry.event, TextDelta):
                    return entry
        raise AssertionError("the reply has no words")

    async def send(
        self,
        conversation: Conversation,
        text: str = "Good evening.",
        key: str = "",
        *,
        interrupt: bool = False,
    ) -> Generation:
        """Say something, under a new id where `key` is empty."""
        message = Message(str(conversation.id), key or uuid4().hex, text, interrupt)
        return await self.send_message(self.user_id, message)

    async def regenerate(self, turn_id: UUID, key: str = "") -> Generation:
        """Have the partner reply anew, under a new id where `key` is empty."""
        return await self.regenerate_reply(self.user_id, str(turn_id), key or uuid4().hex)

    async def read(self, generation: Generation, after: Position | None = None) -> list[LogEntry]:
        """Read a reply to its end, as ResumeReply gives it."""
        place = cursor(generation.id, after) if after else ""
        async with aclosing(self.resume_reply(self.user_id, str(generation.id), place)) as entries:
            return [entry async for entry in entries]

    async def stored(self, generation: Generation) -> Generation:
        """Return the generation as it is stored."""
        async with self.store.reads() as reads:
            found = await reads.generations.get(generation.id)
        assert found is not None
        return found

    async def turns(self, conversation: Conversation) -> list[Turn]:
        """Return all turns."""
        page = await self.list_turns(self.user_id, str(conversation.id), PageRequest(size=100))
        return list(page.items)

    async def partner_says(self, conversation: Conversation) -> list[str]:
        """Return what the partner has said after the opening line."""
        turns = await self.turns(conversation)
        return [turn.text for turn in turns[1:] if turn.author is Author.PARTNER]
