"""The one composition root: which adapter stands behind which port."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from adapters.ai.scripted import ScriptedModel
from adapters.application import (
    AuditUseCases,
    CatalogUseCases,
    IdentityUseCases,
    JobUseCases,
    OnboardingUseCases,
    PracticeUseCases,
    StateUseCases,
)
from adapters.erasure_list import ErasureList
from adapters.live.connections import RedisStreamRegistry
from adapters.live.conversation_bell import RedisConversationBell
from adapters.live.converse_seats import RedisConverseSeats
from adapters.live.doorbell import RedisDoorbell
from adapters.live.log_inspection import RedisReplyLogs
from adapters.live.redis_log import RedisGenerationLog
from adapters.live.runner import LocalRunner
from adapters.live.surviving_log import SurvivingLog
from adapters.mail.folder import FolderMailer
from adapters.mail.smtp import SmtpMailer, SmtpServer
from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.checkpoint_signatures import CheckpointKeys
from adapters.security.master_keys import MasterKeys, load_master_keys, load_or_create_master_keys
from adapters.security.passwords import Argon2Passwords, common_passwords
from adapters.security.refresh_tokens import HmacRefreshTokens
from adapters.security.signing_keys import SigningKeys, load_or_create_signing_keys, load_signing_keys
from adapters.security.verified_tokens import TokenVerifier
from adapters.sessions.live_sessions import RedisLiveSessions
from adapters.settings import OpenAIServer, Settings
from adapters.sql.answers import Answers
from adapters.sql.api_use import ApiUseTable, ApiUseWriter
from adapters.sql.catalog import SqlCatalog
from adapters.sql.engine import Connections, create_engine
from adapters.sql.event_reader import SqlEventReader
from adapters.sql.export import SqlPersonalData
from adapters.sql.inspection import SqlConversationSnapshots
from adapters.sql.sessions import SqlSessionUses
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from adapters.sql.verification import SqlSnapshots
from adapters.telemetry.api_use import ApiUse
from domain.audit.dead_letters import DiscardDeadLetter, ListDeadLetters, RetryDeadLetter
from domain.audit.inspection import ReadConversation
from domain.audit.reading import ListEvents
from domain.audit.verification import VerifyEvents
from domain.catalog.browse import ListCommunicationPartners, ListIndustries, ListLanguages, ListRoles, ListSituations
from domain.catalog.use_cases import WordRoleMatcher
from domain.identity.access import GetPublicKeys, VerifyAccessToken
from domain.identity.erase import EraseUser
from domain.identity.export import ExportAccount
from domain.identity.log_in import AuthenticateUser
from domain.identity.mail import Mailer
from domain.identity.open_sessions import ListSessions, RevokeSession
from domain.identity.ports import PasswordHasher
from domain.identity.profile import GetUser, UpdateProfile
from domain.identity.sessions import LogOut, RefreshTokens, SessionTokens
from domain.identity.sign_up import RegisterUser
from domain.jobs.use_cases import CancelJob, GetJob, ListJobs, WatchJob
from domain.onboarding.choose_partners import ConfigurePartnerSituations, SelectCommunicationPartners
from domain.onboarding.choose_role import CreateCustomUserRole, MatchUserRoleFromDescription, SelectRole
from domain.onboarding.use_cases import (
    CompleteOnboarding,
    GetOnboarding,
    GetSummary,
    ResetOnboarding,
    SelectNativeLanguage,
    SelectUserIndustry,
)
from domain.practice.browse import GetScenario, ListScenarios
from domain.practice.cancellation import CancelReply, EndConversation, StopReply
from domain.practice.chat import ChatModel
from domain.practice.commands import CommandHandler
from domain.practice.conversations import GetConversation, ListConversations, ListTurns, StartConversation
from domain.practice.conversing import Converse
from domain.practice.finishing import FinishReply
from domain.practice.generation import GenerateScenarios
from domain.practice.inspecting import CheckConversations, FindConversations, InspectConversation
from domain.practice.leases import Leases
from domain.practice.messages import SendMessage
from domain.practice.pausing import PauseConversation, ResumeConversation
from domain.practice.production import ProduceReply
from domain.practice.recommendations import ListRecommendations
from domain.practice.recovery import RecoverReply
from domain.practice.regeneration import RegenerateReply
from domain.practice.repairing import RepairConversation
from domain.practice.replies import FollowReply, ResumeReply
from domain.practice.watching import OpenTail, WatchConversation
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


class _Parts:
    """What several areas are built from."""

    def __init__(self, settings: Settings, database_url: str, redis_url: str, clock: Clock) -> None:
        self.clock = clock
        self.daily_tokens = settings.daily_tokens
        self.connections = Connections(create_engine(database_url, settings.database_pool_size))
        self.reads = SqlReads(self.connections)
        self.catalog = SqlCatalog(self.connections)
        self.log = SurvivingLog(RedisGenerationLog(redis_url))
        self.reply_logs = RedisReplyLogs(redis_url)
        self.doorbell = RedisDoorbell(redis_url)
        self.sessions = RedisLiveSessions(redis_url, SqlSessionUses(self.connections).save, clock)
        self.bell = RedisConversationBell(redis_url, self._versions)
        self.seats = RedisConverseSeats(redis_url)
        self.streams = RedisStreamRegistry(redis_url, settings.streams_per_user)
        self.passwords = Argon2Passwords()
        self.keys = signing_keys(settings)
        self.master = master_keys(settings)

    def uow(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(
            self.connections, self.clock, self.master, daily_tokens=self.daily_tokens, changed=self.bell.ring
        )

    async def _versions(self, conversation_ids: Collection[UUID]) -> Mapping[UUID, int]:
        async with self.reads() as reads:
            return await reads.conversations.versions(conversation_ids)


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
    parts = _Parts(settings, database_url, redis_url, clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.connections.close)
        stack.callback(parts.passwords.close)
        use = ApiUse(clock)
        writer = ApiUseWriter(use, ApiUseTable(parts.connections))
        writer.start()
        stack.push_async_callback(writer.stop)
        await parts.log.start()
        stack.push_async_callback(parts.log.close)
        stack.push_async_callback(parts.reply_logs.close)
        stack.push_async_callback(parts.doorbell.close)
        parts.sessions.start()
        stack.push_async_callback(parts.sessions.close)
        stack.push_async_callback(parts.bell.close)
        stack.push_async_callback(parts.seats.close)
        stack.push_async_callback(parts.streams.close)
        leases = Leases(parts.uow, clock)
        finish = FinishReply(parts.uow, parts.log, clock)
        models = (model,) if model else chat_models(settings)
        runner = LocalRunner(ProduceReply(parts.reads, parts.log, leases, finish, models))
        stack.push_async_callback(runner.stop, REPLIES_GRACE_SECONDS)
        parts.doorbell.listen(runner.cancel)
        recover = RecoverReply(parts.log, leases, finish, runner)
        state = _state(parts, recover)
        verify = VerifyAccessToken(JwtAccessTokens(parts.keys, clock), parts.reads, parts.sessions, clock)
        tokens = TokenVerifier(verify, clock)
        parts.sessions.listen(tokens.forget)
        yield Application(
            identity=_identity(parts, parts.passwords),
            catalog=_catalog(parts),
            onboarding=_onboarding(parts),
            practice=_practice(parts, runner, recover),
            jobs=_jobs(parts),
            audit=_audit(parts, state),
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


def chat_models(settings: Settings) -> tuple[ChatModel, ...]:
    """Return the language models that the settings name: the first one, and who takes its place."""
    speaking, in_reserve = settings.openai, settings.fallback_openai
    scripted = ScriptedModel(settings.scripted_word_seconds)
    first: ChatModel = scripted if settings.model == "scripted" else _openai_model(speaking)
    if settings.fallback_model is None:
        return (first,)
    return first, scripted if settings.fallback_model == "scripted" else _openai_model(in_reserve)


def _openai_model(server: OpenAIServer) -> ChatModel:
    from adapters.ai.openai import OPENAI_URL, OpenAIModel

    key = server.api_key.get_secret_value() if server.api_key else "none"
    return OpenAIModel(server.model or "", key, server.base_url or OPENAI_URL)


def signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys of access and refresh tokens; made at the first start where the settings name no file."""
    if settings.signing_keys is not None:
        return load_signing_keys(settings.signing_keys)
    return load_or_create_signing_keys(Path(settings.data_dir) / "keys" / "signing.json")


def master_keys(settings: Settings) -> MasterKeys:
    """Return the keys that wrap those of users; made at the first start where the settings name no file."""
    if settings.master_keys is not None:
        return load_master_keys(settings.master_keys)
    return load_or_create_master_keys(Path(settings.data_dir) / "keys" / "master.json")


def mailer(settings: Settings, clock: Clock = system_clock) -> Mailer:
    """Return what sends mail: a folder, unless the settings name a server."""
    if settings.smtp_url is None or settings.mail == "folder":
        return FolderMailer(Path(settings.data_dir) / "mail", settings.mail_from, clock)
    return SmtpMailer(SmtpServer.of(settings.smtp_url.get_secret_value()), settings.mail_from, clock)


def erasure_list(settings: Settings) -> ErasureList:
    """Return the list of who was erased; it is made with the first of them."""
    return ErasureList(settings.erasure_list or Path(settings.data_dir) / "erasures.jsonl")


def _identity(parts: _Parts, hasher: PasswordHasher) -> IdentityUseCases:
    access = JwtAccessTokens(parts.keys, parts.clock)
    sessions = SessionTokens(access, HmacRefreshTokens(parts.keys.refresh_secret), parts.clock)
    return IdentityUseCases(
        register_user=RegisterUser(parts.uow, sessions, hasher, common_passwords(), parts.clock),
        authenticate_user=AuthenticateUser(parts.uow, parts.reads, sessions, hasher),
        refresh_tokens=RefreshTokens(parts.uow, sessions, parts.sessions, parts.clock),
        log_out=LogOut(parts.uow, parts.sessions, parts.clock),
        list_sessions=ListSessions(parts.reads, parts.sessions, parts.clock),
        revoke_session=RevokeSession(parts.uow, parts.sessions, parts.clock),
        get_public_keys=GetPublicKeys(access),
        get_user=GetUser(parts.reads),
        update_profile=UpdateProfile(parts.uow, parts.clock),
        export_account=ExportAccount(parts.reads, SqlPersonalData(parts.connections, parts.master)),
        erase_user=EraseUser(parts.uow, parts.sessions, parts.doorbell, parts.clock),
    )


def _catalog(parts: _Parts) -> CatalogUseCases:
    return CatalogUseCases(
        list_languages=ListLanguages(parts.catalog),
        list_industries=ListIndustries(parts.catalog),
        list_roles=ListRoles(parts.catalog),
        list_communication_partners=ListCommunicationPartners(parts.catalog),
        list_situations=ListSituations(parts.catalog),
    )


def _onboarding(parts: _Parts) -> OnboardingUseCases:
    return OnboardingUseCases(
        get_onboarding=GetOnboarding(parts.reads, parts.catalog),
        get_summary=GetSummary(parts.reads, parts.catalog),
        select_native_language=SelectNativeLanguage(parts.uow, parts.catalog),
        select_industry=SelectUserIndustry(parts.uow, parts.catalog),
        match_roles=MatchUserRoleFromDescription(parts.reads, parts.uow, WordRoleMatcher(parts.catalog)),
        select_role=SelectRole(parts.uow, parts.catalog),
        create_custom_role=CreateCustomUserRole(parts.uow),
        select_partners=SelectCommunicationPartners(parts.uow, parts.catalog),
        configure_situations=ConfigurePartnerSituations(parts.uow, parts.catalog),
        complete_onboarding=CompleteOnboarding(parts.uow, parts.catalog, parts.clock),
        reset_onboarding=ResetOnboarding(parts.uow, parts.catalog),
    )


def _practice(parts: _Parts, runner: LocalRunner, recover: RecoverReply) -> PracticeUseCases:
    follow = FollowReply(parts.reads, parts.log)
    stop = StopReply(parts.uow, parts.doorbell, recover, follow, parts.clock)
    send = SendMessage(parts.uow, runner, stop, parts.clock)
    regenerate = RegenerateReply(parts.uow, runner, parts.clock)
    cancel = CancelReply(parts.reads, stop)
    resume = ResumeReply(parts.reads, parts.log, follow)
    tail = OpenTail(parts.reads)
    return PracticeUseCases(
        get_scenario=GetScenario(parts.reads),
        list_scenarios=ListScenarios(parts.reads),
        generate_scenarios=GenerateScenarios(parts.uow, parts.reads, parts.catalog),
        list_recommendations=ListRecommendations(parts.reads),
        start_conversation=StartConversation(parts.uow, parts.clock),
        get_conversation=GetConversation(parts.reads),
        list_conversations=ListConversations(parts.reads),
        list_turns=ListTurns(parts.reads),
        send_message=send,
        follow_reply=follow,
        resume_reply=resume,
        cancel_reply=cancel,
        regenerate_reply=regenerate,
        pause_conversation=PauseConversation(parts.uow, parts.clock),
        resume_conversation=ResumeConversation(parts.uow, parts.clock),
        end_conversation=EndConversation(parts.uow, parts.reads, stop, parts.clock),
        watch_conversation=WatchConversation(tail, parts.bell),
        converse=Converse(
            tail, parts.bell, parts.seats, follow, resume, CommandHandler(parts.reads, send, regenerate, cancel)
        ),
    )


def _jobs(parts: _Parts) -> JobUseCases:
    return JobUseCases(
        get_job=GetJob(parts.reads),
        list_jobs=ListJobs(parts.reads),
        watch_job=WatchJob(parts.reads),
        cancel_job=CancelJob(parts.uow, parts.clock),
    )


def _state(parts: _Parts, recover: RecoverReply) -> StateUseCases:
    snapshots = SqlConversationSnapshots(parts.connections, parts.master, parts.clock)
    inspect = InspectConversation(snapshots, parts.reply_logs, parts.streams)
    return StateUseCases(
        find_conversations=FindConversations(snapshots),
        inspect_conversation=inspect,
        check_conversations=CheckConversations(snapshots, parts.reply_logs),
        repair_conversation=RepairConversation(parts.uow, inspect, parts.reply_logs, recover, parts.clock),
    )


def _audit(parts: _Parts, state: StateUseCases) -> AuditUseCases:
    return AuditUseCases(
        list_events=ListEvents(SqlEventReader(parts.connections)),
        verify_events=VerifyEvents(SqlSnapshots(parts.connections), CheckpointKeys.of(parts.keys.public())),
        list_dead_letters=ListDeadLetters(parts.reads),
        retry_dead_letter=RetryDeadLetter(parts.uow, parts.clock),
        discard_dead_letter=DiscardDeadLetter(parts.uow, parts.clock),
        read_conversation=ReadConversation(state.inspect_conversation, parts.uow),
    )
