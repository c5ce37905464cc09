"""What role-plays need from outside."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from domain.practice.ending import Ending
from domain.practice.model import Conversation, Generation, Turn
from domain.practice.scenarios import Scenarios
from domain.shared.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation's place in the list of its learner: by time of creation, then by id."""

    created_at: datetime
    id: UUID


class Conversations(Protocol):
    """All conversations."""

    async def add(self, conversation: Conversation) -> None:
        """Store a new one."""

    async def get(self, conversation_id: UUID, user_id: UUID) -> Conversation | None:
        """Return the learner's conversation."""

    async def lock(self, conversation_id: UUID, user_id: UUID) -> Conversation | None:
        """Return the learner's conversation as it is now, and let nobody else lock it before this transaction's end.

        Whoever needs a generation's row as well locks the conversation first.
        """

    async def save(self, conversation: Conversation) -> None:
        """Store one that was locked and has changed once. Raises ConcurrentUpdate when its version is taken."""

    async def versions(self, conversation_ids: Collection[UUID]) -> Mapping[UUID, int]:
        """Return the present version of each, whosever it is; those that are gone have none."""

    async def newest(self, user_id: UUID, before: Place | None, limit: int) -> Sequence[Conversation]:
        """Return up to `limit` of the learner's conversations, the newest first.

        All of them are older than `before`; None: than nothing.
        """


class Turns(Protocol):
    """All turns."""

    async def add(self, turn: Turn) -> None:
        """Store a new one. Raises ConcurrentUpdate when its position or its client's id of it is taken."""

    async def get(self, turn_id: UUID) -> Turn | None:
        """Return it, whosever it is."""

    async def by_client_message_id(self, conversation_id: UUID, client_message_id: str) -> Turn | None:
        """Return the learner's turn to which the client gave this id."""

    async def changed(
        self, conversation_id: UUID, versions: tuple[int, int], position: int, limit: int
    ) -> Sequence[Turn]:
        """Return up to `limit` turns with a higher position, in order, of those that came or changed.

        `versions` are the conversation's: after the first, and up to the second.
        """

    async def of_partner(self, generation_id: UUID) -> Turn | None:
        """Return the partner's turn that the generation made."""

    async def newest_of_learner(self, conversation_id: UUID) -> Turn | None:
        """Return what the learner said last."""

    async def leading_to(self, turn_id: UUID, limit: int) -> Sequence[Turn]:
        """Return the last `limit` turns up to this one and with it, in order. Replaced ones are left out."""

    async def replies_to(self, turn_id: UUID) -> Sequence[Turn]:
        """Return all replies to the learner's turn, in order, replaced ones too."""

    async def after(self, conversation_id: UUID, position: int, limit: int) -> Sequence[Turn]:
        """Return up to `limit` turns with a higher position, in order.

        Replaced ones are left out, and while a message is being answered, whatever comes after that message: it is the
        reply whose place the one under way is to take.
        """

    async def replace_replies(self, turn_id: UUID, version: int) -> Sequence[UUID]:
        """Mark the replies to the learner's turn as replaced in `version`; return those that were not yet."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a reply has come: all that was said, and the highest sequence that the log has acknowledged.

    `model`: another one speaks from now on.
    """

    text: str
    sequence: int
    model: str | None = None


class Generations(Protocol):
    """All generations. Each write names the attempt it is made under; another attempt's write changes nothing."""

    async def add(self, generation: Generation) -> None:
        """Store a new one. Raises ConcurrentUpdate when one is under way or has the same client's id."""

    async def get(self, generation_id: UUID) -> Generation | None:
        """Return it, whosever it is."""

    async def by_client_message_id(self, conversation_id: UUID, client_message_id: str) -> Generation | None:
        """Return the reply that was asked for anew under the client's id."""

    async def changed(self, conversation_id: UUID, versions: tuple[int, int]) -> Sequence[Generation]:
        """Return those that began or ended after the conversation's first of two versions, up to the second, in order.

        One that did both comes once, as it is now.
        """

    async def lapsed(self, now: datetime, limit: int) -> Sequence[Generation]:
        """Return up to `limit` generations under way whose lease is over, the longest over first."""

    async def claim(
        self, generation: Generation, now: datetime, until: datetime, model: str | None
    ) -> Generation | None:
        """Take the lease until `until` for the attempt after `generation.attempt`; return the generation as it is then.

        None: it has ended, somebody else holds the lease, or has taken it since. A `model` of None changes none.
        """

    async def renew(self, generation: Generation, until: datetime, checkpoint: Checkpoint) -> Generation | None:
        """Hold the attempt's lease until `until` and keep the checkpoint; None when it is no longer running."""

    async def renew_all(
        self, held: Sequence[tuple[Generation, Checkpoint]], until: datetime
    ) -> Mapping[UUID, datetime | None]:
        """Do what `renew` does for attempts that keep their model, and whose rows nobody else has locked at the moment.

        Return when each of these was wanted stopped; None for one that was not.
        """

    async def request_cancel(self, generation_id: UUID, now: datetime) -> Generation | None:
        """Note that its learner wants it stopped; return it, None when it has ended."""

    async def end(self, generation: Generation, ending: Ending, last_sequence: int, after: Conversation) -> bool:
        """End the attempt, and keep what it cost; False when it is no longer the one that runs.

        `after` is the conversation as this end leaves it.
        """


class TokenBudgets(Protocol):
    """What each learner has set aside and spent of a day's tokens. Days are in UTC."""

    @property
    def limit(self) -> int:
        """Tokens that a learner may spend in a day; 0 for as many as they like."""

    async def reserve(self, user_id: UUID, day: date, tokens: int) -> bool:
        """Set tokens aside; False, and nothing is, where that and what was spent would pass the limit.

        Whoever reserves for the same learner at the same time waits until this transaction ends.
        """

    async def settle(self, user_id: UUID, day: date, reserved: int, spent: int) -> None:
        """Give back what was set aside and count what was spent; nothing on a day on which nothing was set aside."""


class PracticeRepositories(Protocol):
    """The repositories of role-plays, over one connection."""

    @property
    def conversations(self) -> Conversations:
        """All conversations."""

    @property
    def turns(self) -> Turns:
        """All turns."""

    @property
    def generations(self) -> Generations:
        """All generations."""

    @property
    def scenarios(self) -> Scenarios:
        """The scenarios that can be played."""


class PracticeWork(UnitOfWork, PracticeRepositories, Protocol):
    """A transaction over role-plays."""

    @property
    def token_budgets(self) -> TokenBudgets:
        """What learners may spend on replies."""


PracticeReads: TypeAlias = Callable[[], AbstractAsyncContextManager[PracticeRepositories]]
"""Gives repositories whose statements stand alone."""


class ProductionRunner(Protocol):
    """Runs the productions of this process in the background."""

    def start(self, generation: Generation) -> None:
        """Have the generation's next attempt produced, unless the process has as many as it can bear.

        Then the generation stays as it is, and the sweeper finds it.
        """
