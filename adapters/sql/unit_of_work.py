"""The unit of work over Postgres, and the repositories it hands out."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from types import TracebackType
from typing import Self, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.failpoints import reach
from adapters.security.master_keys import MasterKeys
from adapters.sql.answers import Claim
from adapters.sql.catalog import SqlCustomRoles
from adapters.sql.conversations import SqlConversations, nobody
from adapters.sql.dead_letters import SqlDeadLetters
from adapters.sql.engine import Connections
from adapters.sql.erasures import SqlErasures
from adapters.sql.event_store import EventAppender
from adapters.sql.generated_scenarios import SqlGeneratedScenarios
from adapters.sql.generations import SqlGenerations
from adapters.sql.job_list import SqlJobs
from adapters.sql.job_rows import add_jobs
from adapters.sql.onboardings import SqlOnboardings
from adapters.sql.personal_fields import Sealer
from adapters.sql.recommendations import SqlRecommendations
from adapters.sql.repairs import SqlRepairs
from adapters.sql.scenarios import SqlScenarios
from adapters.sql.sessions import SqlSessions
from adapters.sql.token_budgets import SqlTokenBudgets
from adapters.sql.turns import SqlTurns
from adapters.sql.users import SqlUsers
from domain.shared.clock import Clock
from domain.shared.events import Event
from domain.shared.jobs import Job, JobRequest, new_job
from domain.shared.once import Once, current_once
from domain.shared.origin import current_origin


class SqlRepositories:
    """Every repository, over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def users(self) -> SqlUsers:
        """The accounts."""
        return SqlUsers(self._connection)

    @property
    def sessions(self) -> SqlSessions:
        """The sessions and their refresh tokens."""
        return SqlSessions(self._connection)

    @property
    def erasures(self) -> SqlErasures:
        """The erasing of users."""
        return SqlErasures(self._connection)

    @property
    def onboardings(self) -> SqlOnboardings:
        """The learners' answers."""
        return SqlOnboardings(self._connection)

    @property
    def custom_roles(self) -> SqlCustomRoles:
        """The roles that learners make."""
        return SqlCustomRoles(self._connection)

    @property
    def scenarios(self) -> SqlScenarios:
        """What there is to practise."""
        return SqlScenarios(self._connection)

    @property
    def generated_scenarios(self) -> SqlGeneratedScenarios:
        """What was made for one learner."""
        return SqlGeneratedScenarios(self._connection)

    @property
    def recommendations(self) -> SqlRecommendations:
        """What is recommended to whom."""
        return SqlRecommendations(self._connection)

    @property
    def conversations(self) -> SqlConversations:
        """The role-plays."""
        return SqlConversations(self._connection)

    @property
    def turns(self) -> SqlTurns:
        """What was said in them."""
        return SqlTurns(self._connection)

    @property
    def generations(self) -> SqlGenerations:
        """The making of the partner's replies."""
        return SqlGenerations(self._connection)

    @property
    def repairs(self) -> SqlRepairs:
        """What mending a conversation writes."""
        return SqlRepairs(self._connection)

    @property
    def jobs(self) -> SqlJobs:
        """What is slow or done outside."""
        return SqlJobs(self._connection)

    @property
    def dead_letters(self) -> SqlDeadLetters:
        """The events that handlers could not handle."""
        return SqlDeadLetters(self._connection)


class SqlReads:
    """Gives repositories whose statements stand alone: for use cases that change nothing."""

    def __init__(self, connections: Connections) -> None:
        # It has as much of a connection as reading needs; the contract tests run every read on it.
        self._repositories = SqlRepositories(cast("AsyncConnection", connections.reader))

    def __call__(self) -> AbstractAsyncContextManager[SqlRepositories]:
        """Give the repositories for a block, which holds no connection between two reads."""
        return nullcontext(self._repositories)


class SqlUnitOfWork(SqlRepositories):
    """One transaction: state, events, outbox and jobs. See domain.shared.unit_of_work.

    `changed` is told which conversations have changed, once that is committed: here, so that no use case forgets it.
    """

    # The connection comes with __aenter__.
    def __init__(
        self,
        connections: Connections,
        clock: Clock,
        master: MasterKeys,
        *,
        daily_tokens: int = 0,
        changed: Callable[[UUID], object] = nobody,
    ) -> None:
        self._changed = changed
        self._saved: list[UUID] = []
        self._connections = connections
        self._clock = clock
        self._master = master
        self._daily_tokens = daily_tokens
        self._events: list[Event] = []
        self._jobs: list[Job] = []
        self._expected: dict[str, int] = {}
        self._claim: Claim | None = None
        self._stack = AsyncExitStack()

    @property
    def conversations(self) -> SqlConversations:
        """The role-plays."""
        return SqlConversations(self._connection, self._saved.append)

    async def __aenter__(self) -> Self:
        self._connection = await self._stack.enter_async_context(self._connections.transaction())
        self._sealer = Sealer(self._connection, self._master)
        once = current_once.get()
        if once is not None and once.concerns_this_task():
            await self._claim_request(once)
        return self

    async def _claim_request(self, once: Once) -> None:
        try:
            self._claim = await Claim.take(self._connection, self._master, once, self._clock())
        except BaseException:
            await self._stack.aclose()  # who fails to enter is never left
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def token_budgets(self) -> SqlTokenBudgets:
        """What learners may spend on replies; without `daily_tokens` as much as they like."""
        return SqlTokenBudgets(self._connection, self._daily_tokens)

    def record(self, *events: Event) -> None:
        """Have `commit` append these events."""
        self._events.extend(events)

    def expect(self, stream_id: str, version: int) -> None:
        """Have `commit` refuse unless the stream has this many events before those that are recorded."""
        self._expected[stream_id] = version

    def enqueue(self, request: JobRequest) -> Job:
        """Have `commit` queue a job, unless there is one with its key; return it as it is when there is none."""
        job = new_job(request, self._clock())
        self._jobs.append(job)
        return job

    async def commit(self, result: object = None) -> None:
        """Append the events, queue the jobs, keep the answer and commit. Raises ConcurrentUpdate, see `expect`."""
        await reach("uow.before_append")
        if self._events:
            appender = EventAppender(self._connection, self._sealer)
            await appender.append(self._events, self._expected, current_origin.get(), self._clock())
            self._events.clear()
            await reach("uow.after_append")
        if self._jobs:
            await add_jobs(self._connection, self._jobs)
            self._jobs.clear()
        claim = self._claim if result is not None else None
        if claim is not None:
            await claim.keep(self._sealer, result)
        await reach("uow.before_commit")
        await self._connection.commit()
        while self._saved:
            self._changed(self._saved.pop())
        if claim is not None:
            claim.once.is_kept = True
        await reach("uow.after_commit")
