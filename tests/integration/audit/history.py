"""A small record to tamper with: streams of several kinds, gaps between positions, checkpoints, and events after."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import text

from adapters.security.checkpoint_signatures import CheckpointKeys
from adapters.security.master_keys import MasterKeys
from adapters.security.signing_keys import SigningKeys, load_or_create_signing_keys
from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlUnitOfWork
from adapters.sql.verification import SqlSnapshots
from domain.audit.verification import Verification, VerifyEvents
from domain.identity.events import UserLoggedIn, UserProfileUpdated, UserRegistered
from domain.practice.chat import Author
from domain.practice.events import ConversationStarted, TurnAdded
from domain.shared.clock import system_clock
from domain.shared.events import Event
from domain.shared.origin import Origin, current_origin
from workers.checkpointer import Checkpointer

MASTER = MasterKeys({"of-the-test": bytes(32)})


def new_keys() -> SigningKeys:
    with TemporaryDirectory() as folder:
        return load_or_create_signing_keys(Path(folder) / "keys.json")


class History:
    """A record in a database of its own, which must be migrated and empty."""

    def __init__(self, connections: Connections, seed: int = 0, keys: SigningKeys | None = None) -> None:
        self.connections = connections
        self.keys = keys or new_keys()
        self._random = random.Random(f"history {seed}")
        self._checkpointer = Checkpointer(connections, self.keys, system_clock)

    def id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    async def happen(self, *events: Event) -> None:
        """Record events in one transaction."""
        origin = current_origin.set(Origin(str(self.id()), f"user:{self.id()}"))
        async with SqlUnitOfWork(self.connections, system_clock, MASTER) as work:
            work.record(*events)
            await work.commit()
        current_origin.reset(origin)

    async def user(self) -> UUID:
        """Somebody signs up."""
        user_id = self.id()
        await self.happen(UserRegistered(user_id=user_id, email=f"{user_id}@example.com", full_name="Åse 佐藤"))
        return user_id

    async def conversation(self, user_id: UUID, turns: int) -> UUID:
        """They talk."""
        conversation_id = self.id()
        started = ConversationStarted(conversation_id=conversation_id, user_id=user_id, scenario_id="stand-up")
        await self.happen(started, *(self.turn(conversation_id, user_id, number + 1) for number in range(turns)))
        return conversation_id

    def turn(self, conversation_id: UUID, user_id: UUID, position: int) -> TurnAdded:
        return TurnAdded(
            conversation_id=conversation_id,
            user_id=user_id,
            turn_id=self.id(),
            position=position,
            author=Author.LEARNER,
            partial=False,
            words=2,
            text="Good morning",
        )

    async def gap(self) -> None:
        """A transaction takes positions and is undone."""
        async with self.connections.transaction() as connection:
            await connection.execute(text("SELECT nextval('event_store_position_seq') FROM generate_series(1, 3)"))

    async def checkpoint(self) -> None:
        assert await self._checkpointer.checkpoint() is not None

    async def verify(self, stream_id: str | None = None) -> Verification:
        return await VerifyEvents(SqlSnapshots(self.connections), self.public_keys)(stream_id)

    @property
    def public_keys(self) -> CheckpointKeys:
        return CheckpointKeys.of(self.keys.public())

    async def unfold(self) -> None:
        """Everything above: five rounds of people and talks, a checkpoint after each but the last."""
        users: list[UUID] = []
        for number in range(5):
            users += [await self.user(), await self.user()]
            for user_id in users:
                await self.happen(UserLoggedIn(user_id=user_id, session_id=self.id()))
            await self.gap()
            await self.conversation(users[-1], turns=2 + number)
            await self.happen(UserProfileUpdated(user_id=users[0], fields=("full_name",)))
            if number < 4:
                await self.checkpoint()
