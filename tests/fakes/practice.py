"""Conversations, turns and generations in memory, in transactions; a model that does what it is told; a runner."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from domain.practice.chat import Author, ChatPart, ChatRequest
from domain.practice.ending import Ending
from domain.practice.model import Conversation, Generation, GenerationStatus, Turn
from domain.practice.ports import Checkpoint, Place
from domain.practice.reply import TokenUsage
from domain.practice.scenarios import Scenarios
from domain.shared.errors import ConcurrentUpdate, Unavailable
from domain.shared.events import Event


@dataclass
class _State:
    conversations: dict[UUID, Conversation] = field(default_factory=dict)
    turns: dict[UUID, Turn] = field(default_factory=dict)
    generations: dict[UUID, Generation] = field(default_factory=dict)
    usage: dict[tuple[UUID, int], TokenUsage] = field(default_factory=dict)
    budgets: dict[tuple[UUID, date], tuple[int, int]] = field(default_factory=dict)
    """What each learner has reserved and spent on a day."""
    events: list[Event] = field(default_factory=list)
    saved: list[UUID] = field(default_factory=list)
    """The conversations that were saved; a transaction begins with none."""

    def copy(self) -> "_State":
        return replace(self, **{name: copy(value) for name, value in vars(self).items()})


class FakePracticeStore:
    """What is committed. Makes units of work, one at a time, and reads. `available` plays an outage."""

    def __init__(self, scenarios: Scenarios) -> None:
        self.scenarios = scenarios
        self.state = _State()
        self.available = True
        self.daily_tokens = 0
        self.turn = asyncio.Lock()
        self.changed: Callable[[UUID], object] = lambda _conversation_id: None
        """Is told which conversations have changed."""

    @property
    def events(self) -> list[Event]:
        return self.state.events

    def work(self) -> "FakePracticeWork":
        return FakePracticeWork(self)

    @asynccontextmanager
    async def reads(self) -> AsyncIterator["FakePracticeRepositories"]:
        self.check()
        yield FakePracticeRepositories(self.state, self.scenarios)

    def check(self) -> None:
        if not self.available:
            raise Unavailable("The database does not answer.")


class FakeConversations:
    """Implements `Conversations`."""

    def __init__(self, state: _State) -> None:
        self._rows = state.conversations
        self._saved = state.saved

    async def add(self, conversation: Conversation) -> None:
        self._rows[conversation.id] = conversation

    async def get(self, conversation_id: UUID, user_id: UUID) -> Conversation | None:
        found = self._rows.get(conversation_id)
        return found if found and found.user_id == user_id else None

    async def lock(self, conversation_id: UUID, user_id: UUID) -> Conversation | None:
        return await self.get(conversation_id, user_id)

    async def save(self, conversation: Conversation) -> None:
        if self._rows[conversation.id].version != conversation.version - 1:
            raise ConcurrentUpdate("The conversation")
        self._rows[conversation.id] = conversation
        self._saved.append(conversation.id)

    async def versions(self, conversation_ids: Collection[UUID]) -> Mapping[UUID, int]:
        return {key: self._rows[key].version for key in conversation_ids if key in self._rows}

    async def newest(self, user_id: UUID, before: Place | None, limit: int) -> Sequence[Conversation]:
        def place(one: Conversation) -> tuple[datetime, UUID]:
            return one.created_at, one.id

        own = [one for one in self._rows.values() if one.user_id == user_id]
        older = [one for one in own if before is None or place(one) < (before.created_at, before.id)]
        return sorted(older, key=place, reverse=True)[:limit]


class FakeTurns:
    """Implements `Turns`."""

    def __init__(self, state: _State) -> None:
        self._rows = state.turns
        self._generations = state.generations

    async def add(self, turn: Turn) -> None:
        for other in self._of(turn.conversation_id):
            same_message = turn.client_message_id and turn.client_message_id == other.client_message_id
            if same_message or turn.position == other.position:
                raise ConcurrentUpdate("The conversation")
        self._rows[turn.id] = turn

    async def get(self, turn_id: UUID) -> Turn | None:
        return self._rows.get(turn_id)

    async def by_client_message_id(self, conversation_id: UUID, client_message_id: str) -> Turn | None:
        said = self._of(conversation_id)
        return next((turn for turn in said if turn.client_message_id == client_message_id), None)

    async def changed(
        self, conversation_id: UUID, versions: tuple[int, int], position: int, limit: int
    ) -> Sequence[Turn]:
        changed = [turn for turn in self._of(conversation_id) if versions[0] < turn.version <= versions[1]]
        return [turn for turn in changed if turn.position > position][:limit]

    async def of_partner(self, generation_id: UUID) -> Turn | None:
        made = (turn for turn in self._rows.values() if turn.generation_id == generation_id)
        return next((turn for turn in made if turn.author is Author.PARTNER), None)

    async def newest_of_learner(self, conversation_id: UUID) -> Turn | None:
        said = [turn for turn in self._of(conversation_id) if turn.author is Author.LEARNER]
        return said[-1] if said else None

    async def leading_to(self, turn_id: UUID, limit: int) -> Sequence[Turn]:
        asked = self._rows.get(turn_id)
        before = [turn for turn in self._of(asked.conversation_id) if turn.position <= asked.position] if asked else []
        return [turn for turn in before if not turn.replaced][-limit:]

    async def replies_to(self, turn_id: UUID) -> Sequence[Turn]:
        siblings = {one.id for one in self._generations.values() if one.turn_id == turn_id}
        there = [turn for turn in self._rows.values() if turn.author is Author.PARTNER]
        return sorted((turn for turn in there if turn.generation_id in siblings), key=lambda turn: turn.position)

    async def after(self, conversation_id: UUID, position: int, limit: int) -> Sequence[Turn]:
        running = (one for one in self._generations.values() if not one.has_ended)
        asked = [self._rows[one.turn_id].position for one in running if one.conversation_id == conversation_id]
        shown = [turn for turn in self._of(conversation_id) if turn.position > position and not turn.replaced]
        return [turn for turn in shown if not asked or turn.position <= asked[0]][:limit]

    async def replace_replies(self, turn_id: UUID, version: int) -> Sequence[UUID]:
        siblings = {one.id for one in self._generations.values() if one.turn_id == turn_id}
        replies = [turn for turn in self._rows.values() if turn.author is Author.PARTNER]
        there = [turn for turn in replies if turn.generation_id in siblings and not turn.replaced]
        self._rows.update({turn.id: replace(turn, replaced=True, version=version) for turn in there})
        return [turn.id for turn in there]

    def _of(self, conversation_id: UUID) -> list[Turn]:
        said = [turn for turn in self._rows.values() if turn.conversation_id == conversation_id]
        return sorted(said, key=lambda turn: turn.position)


class FakeGenerations:
    """Implements `Generations`."""

    def __init__(self, state: _State) -> None:
        self._state = state
        self._rows = state.generations

    async def add(self, generation: Generation) -> None:
        for other in self._rows.values():
            same_wish = generation.client_message_id and generation.client_message_id == other.client_message_id
            if other.conversation_id == generation.conversation_id and (same_wish or not other.has_ended):
                raise ConcurrentUpdate("The conversation")
        self._rows[generation.id] = generation

    async def get(self, generation_id: UUID) -> Generation | None:
        return self._rows.get(generation_id)

    async def by_client_message_id(self, conversation_id: UUID, client_message_id: str) -> Generation | None:
        asked = (one for one in self._rows.values() if one.conversation_id == conversation_id)
        return next((one for one in asked if one.client_message_id == client_message_id), None)

    async def changed(self, conversation_id: UUID, versions: tuple[int, int]) -> Sequence[Generation]:
        own = [one for one in self._rows.values() if one.conversation_id == conversation_id]
        changed = [one for one in own if versions[0] < one.version <= versions[1]]
        return sorted(changed, key=lambda one: one.version)

    async def lapsed(self, now: datetime, limit: int) -> Sequence[Generation]:
        lapsed = [one for one in self._rows.values() if not one.has_ended and one.lease_until < now]
        return sorted(lapsed, key=lambda one: one.lease_until)[:limit]

    async def claim(
        self, generation: Generation, now: datetime, until: datetime, model: str | None
    ) -> Generation | None:
        found = self._rows[generation.id]
        if found.attempt != generation.attempt or not found.is_free(now):
            return None
        return self._put(
            replace(
                found,
                status=GenerationStatus.RUNNING,
                attempt=found.attempt + 1,
                lease_until=until,
                model=model or found.model,
            )
        )

    async def renew(self, generation: Generation, until: datetime, checkpoint: Checkpoint) -> Generation | None:
        found = self._held(generation)
        if found is None:
            return None
        place = {"partial_text": checkpoint.text, "last_sequence": checkpoint.sequence}
        return self._put(replace(found, lease_until=until, model=checkpoint.model or found.model, **place))

    async def renew_all(
        self, held: Sequence[tuple[Generation, Checkpoint]], until: datetime
    ) -> Mapping[UUID, datetime | None]:
        renewed = [await self.renew(generation, until, checkpoint) for generation, checkpoint in held]
        return {found.id: found.cancel_requested_at for found in renewed if found is not None}

    async def request_cancel(self, generation_id: UUID, now: datetime) -> Generation | None:
        found = self._rows[generation_id]
        if found.has_ended:
            return None
        return self._put(replace(found, cancel_requested_at=found.cancel_requested_at or now))

    async def end(self, generation: Generation, ending: Ending, last_sequence: int, after: Conversation) -> bool:
        found = self._held(generation)
        if found is None:
            return False
        self._put(
            replace(
                found,
                status=ending.status,
                partial_text=ending.text,
                last_sequence=last_sequence,
                finish_reason=ending.finish_reason,
                failure_reason=ending.failure,
                version=after.version,
                ended_at=after.updated_at,
            )
        )
        if ending.usage is not None:
            self._state.usage[found.id, found.attempt] = ending.usage
        return True

    def _held(self, generation: Generation) -> Generation | None:
        found = self._rows[generation.id]
        running = found.status is GenerationStatus.RUNNING
        return found if running and found.attempt == generation.attempt else None

    def _put(self, generation: Generation) -> Generation:
        self._rows[generation.id] = generation
        return generation


class FakeTokenBudgets:
    """Implements `TokenBudgets`."""

    def __init__(self, state: _State, limit: int) -> None:
        self.limit = limit
        self._rows = state.budgets

    async def reserve(self, user_id: UUID, day: date, tokens: int) -> bool:
        reserved, spent = self._rows.get((user_id, day), (0, 0))
        if reserved + spent + tokens > self.limit:
            return False
        self._rows[user_id, day] = (reserved + tokens, spent)
        return True

    async def settle(self, user_id: UUID, day: date, reserved: int, spent: int) -> None:
        if (user_id, day) in self._rows:
            before, all_spent = self._rows[user_id, day]
            self._rows[user_id, day] = (max(before - reserved, 0), all_spent + spent)


class FakePracticeRepositories:
    """Implements `PracticeRepositories`."""

    def __init__(self, state: _State, scenarios: Scenarios) -> None:
        self._state = state
        self._scenarios = scenarios

    @property
    def conversations(self) -> FakeConversations:
        return FakeConversations(self._state)

    @property
    def turns(self) -> FakeTurns:
        return FakeTurns(self._state)

    @property
    def generations(self) -> FakeGenerations:
        return FakeGenerations(self._state)

    @property
    def scenarios(self) -> Scenarios:
        return self._scenarios


class FakePracticeWork(FakePracticeRepositories):
    """Implements `PracticeWork`: works on a copy, which `commit` puts in place."""

    def __init__(self, store: FakePracticeStore) -> None:
        super().__init__(_State(), store.scenarios)
        self._store = store

    async def __aenter__(self) -> Self:
        self._store.check()
        await self._store.turn.acquire()
        self._state = self._store.state.copy()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.turn.release()

    @property
    def token_budgets(self) -> FakeTokenBudgets:
        return FakeTokenBudgets(self._state, self._store.daily_tokens)

    def record(self, *events: Event) -> None:
        self._state.events.extend(events)

    async def commit(self, result: object = None) -> None:
        self._store.check()
        self._store.state = self._state.copy()
        while self._state.saved:
            self._store.changed(self._state.saved.pop())


class FakeChatModel:
    """Implements `ChatModel`: gives its parts in order; an event among them is waited for, an exception is raised."""

    name = "fake-model"

    def __init__(self, *parts: ChatPart | asyncio.Event | Exception) -> None:
        self.parts = parts
        self.requests: list[ChatRequest] = []
        self.asked = asyncio.Event()
        self.closed = asyncio.Event()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        self.requests.append(request)
        self.asked.set()
        try:
            for part in self.parts:
                if isinstance(part, asyncio.Event):
                    await part.wait()
                elif isinstance(part, Exception):
                    raise part
                else:
                    yield part
        finally:
            self.closed.set()


class FakeRunner:
    """Implements `ProductionRunner`; `started` tells what was to be produced."""

    def __init__(self) -> None:
        self.started: list[Generation] = []

    def start(self, generation: Generation) -> None:
        self.started.append(generation)
