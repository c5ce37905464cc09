"""The one composition root: which adapter stands behind which port."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from adapters.application import (
    AuditUseCases,
    CatalogUseCases,
    IdentityUseCases,
    JobUseCases,
    OnboardingUseCases,
    PracticeUseCases,
    StateUseCases,
)
from adapters.choices import chat_models
from adapters.live.connections import RedisStreamRegistry
from adapters.live.runner import LocalRunner
from adapters.live.surviving_log import SurvivingLog
from adapters.parts import Parts
from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.verified_tokens import TokenVerifier
from adapters.sessions.live_sessions import RedisLiveSessions
from adapters.settings import Settings
from adapters.sql.answers import Answers
from adapters.sql.api_use import ApiUseTable, ApiUseWriter
from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlReads
from adapters.telemetry.api_use import ApiUse
from adapters.use_cases import (
    audit_use_cases,
    catalog_use_cases,
    identity_use_cases,
    jobs_use_cases,
    onboarding_use_cases,
    practice_use_cases,
    state_use_cases,
)
from domain.identity.access import VerifyAccessToken
from domain.practice.chat import ChatModel
from domain.practice.finishing import FinishReply
from domain.practice.lease_keeper import LeaseKeeper
from domain.practice.leases import Leases
from domain.practice.production import ProduceReply
from domain.practice.recovery import RecoverReply
from domain.shared.clock import Clock, system_clock

REPLIES_GRACE_SECONDS = 5.0
"""How long replies under way may go on when the process stops; then they break off with what was said kept."""


@dataclass(frozen=True, slots=True)
class Application:
    """Everything a server process needs below its doors."""

    identity: IdentityUseCases
    catalog: CatalogUseCases
    onboarding: OnboardingUseCases
    practice: PracticeUseCases
    jobs: JobUseCases
    audit: AuditUseCases
    state: StateUseCases
    tokens: TokenVerifier
    connections: Connections
    reads: SqlReads
    log: SurvivingLog
    streams: RedisStreamRegistry
    sessions: RedisLiveSessions
    recover: RecoverReply
    api_use: ApiUse
    answers: Answers


@asynccontextmanager
async def open_application(
    settings: Settings,
    database_url: str,
    redis_url: str,
    *,
    model: ChatModel | None = None,
    clock: Clock = system_clock,
) -> AsyncIterator[Application]:
    """Put everything together, run its background tasks, and take it down in order at the block's end.

    `model` takes the place of the one that the settings name. Raises SigningKeysUnusable.
    """
    parts = Parts(settings, database_url, redis_url, clock)
    async with AsyncExitStack() as stack:
        await parts.start(stack)
        use = ApiUse(clock)
        writer = ApiUseWriter(use, ApiUseTable(parts.connections))
        writer.start()
        stack.push_async_callback(writer.stop)
        leases = Leases(parts.uow, clock)
        finish = FinishReply(parts.uow, parts.log, clock)
        models = (model,) if model else chat_models(settings)
        keeper = LeaseKeeper(leases)
        stack.push_async_callback(keeper.close)
        runner = LocalRunner(ProduceReply(parts.reads, parts.log, leases, finish, models, keeper))
        stack.push_async_callback(runner.stop, REPLIES_GRACE_SECONDS)
        parts.doorbell.listen(runner.cancel)
        recover = RecoverReply(parts.log, leases, finish, runner)
        state = state_use_cases(parts, recover)
        verify = VerifyAccessToken(JwtAccessTokens(parts.keys, clock), parts.reads, parts.sessions, clock)
        tokens = TokenVerifier(verify, clock)
        parts.sessions.listen(tokens.forget)
        yield Application(
            identity=identity_use_cases(parts),
            catalog=catalog_use_cases(parts),
            onboarding=onboarding_use_cases(parts),
            practice=practice_use_cases(parts, runner, recover),
            jobs=jobs_use_cases(parts),
            audit=audit_use_cases(parts, state),
            state=state,
            tokens=tokens,
            connections=parts.connections,
            reads=parts.reads,
            log=parts.log,
            streams=parts.streams,
            sessions=parts.sessions,
            recover=recover,
            api_use=use,
            answers=Answers(parts.connections, parts.master, clock),
        )
