"""The use cases of each area, put together from the parts."""

from adapters.application import (
    AuditUseCases,
    CatalogUseCases,
    IdentityUseCases,
    JobUseCases,
    OnboardingUseCases,
    PracticeUseCases,
    StateUseCases,
)
from adapters.live.runner import LocalRunner
from adapters.parts import Parts
from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.checkpoint_signatures import CheckpointKeys
from adapters.security.passwords import common_passwords
from adapters.security.refresh_tokens import HmacRefreshTokens
from adapters.sql.event_reader import SqlEventReader
from adapters.sql.export import SqlPersonalData
from adapters.sql.inspection import SqlConversationSnapshots
from adapters.sql.verification import SqlSnapshots
from domain.audit.dead_letters import DiscardDeadLetter, ListDeadLetters, RetryDeadLetter
from domain.audit.inspection import ReadConversation
from domain.audit.reading import ListEvents
from domain.audit.verification import VerifyEvents
from domain.catalog.browse import ListCommunicationPartners, ListIndustries, ListLanguages, ListRoles, ListSituations
from domain.catalog.use_cases import WordRoleMatcher
from domain.identity.access import GetPublicKeys
from domain.identity.erase import EraseUser
from domain.identity.export import ExportAccount
from domain.identity.log_in import AuthenticateUser
from domain.identity.open_sessions import FindEndedSessions, ListSessions, RevokeSession
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
from domain.practice.commands import CommandHandler
from domain.practice.conversations import GetConversation, ListConversations, ListTurns, StartConversation
from domain.practice.conversing import Converse
from domain.practice.generation import GenerateScenarios
from domain.practice.inspecting import CheckConversations, FindConversations, InspectConversation
from domain.practice.messages import SendMessage
from domain.practice.pausing import PauseConversation, ResumeConversation
from domain.practice.recommendations import ListRecommendations
from domain.practice.recovery import RecoverReply
from domain.practice.regeneration import RegenerateReply
from domain.practice.repairing import RepairConversation
from domain.practice.replies import FollowReply, ResumeReply
from domain.practice.watching import OpenTail, WatchConversation


def identity_use_cases(parts: Parts) -> IdentityUseCases:
    """Put together accounts, sessions and tokens."""
    access = JwtAccessTokens(parts.keys, parts.clock)
    sessions = SessionTokens(access, HmacRefreshTokens(parts.keys.refresh_secret), parts.clock)
    return IdentityUseCases(
        register_user=RegisterUser(parts.uow, sessions, parts.passwords, common_passwords(), parts.clock),
        authenticate_user=AuthenticateUser(parts.uow, parts.reads, sessions, parts.passwords),
        refresh_tokens=RefreshTokens(parts.uow, sessions, parts.sessions, parts.clock),
        log_out=LogOut(parts.uow, parts.sessions, parts.clock),
        list_sessions=ListSessions(parts.reads, parts.sessions, parts.clock),
        revoke_session=RevokeSession(parts.uow, parts.sessions, parts.clock),
        find_ended_sessions=FindEndedSessions(parts.reads, parts.clock),
        get_public_keys=GetPublicKeys(access),
        get_user=GetUser(parts.reads),
        update_profile=UpdateProfile(parts.uow, parts.clock),
        export_account=ExportAccount(parts.reads, SqlPersonalData(parts.connections, parts.master)),
        erase_user=EraseUser(parts.uow, parts.sessions, parts.doorbell, parts.clock),
    )


def catalog_use_cases(parts: Parts) -> CatalogUseCases:
    """Put together what a learner chooses from."""
    return CatalogUseCases(
        list_languages=ListLanguages(parts.catalog),
        list_industries=ListIndustries(parts.catalog),
        list_roles=ListRoles(parts.catalog),
        list_communication_partners=ListCommunicationPartners(parts.catalog),
        list_situations=ListSituations(parts.catalog),
    )


def onboarding_use_cases(parts: Parts) -> OnboardingUseCases:
    """Put together the way from the first language to the last situation."""
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


def practice_use_cases(parts: Parts, runner: LocalRunner, recover: RecoverReply) -> PracticeUseCases:
    """Put together scenarios, conversations and replies; `runner` produces those that are begun here."""
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


def jobs_use_cases(parts: Parts) -> JobUseCases:
    """Put together what a learner sees of slow work, and stops of it."""
    return JobUseCases(
        get_job=GetJob(parts.reads),
        list_jobs=ListJobs(parts.reads),
        watch_job=WatchJob(parts.reads),
        cancel_job=CancelJob(parts.uow, parts.clock),
    )


def state_use_cases(parts: Parts, recover: RecoverReply) -> StateUseCases:
    """Put together what operators do with conversations: found, shown, checked and repaired."""
    snapshots = SqlConversationSnapshots(parts.connections, parts.master, parts.clock)
    inspect = InspectConversation(snapshots, parts.reply_logs, parts.streams)
    return StateUseCases(
        find_conversations=FindConversations(snapshots),
        inspect_conversation=inspect,
        check_conversations=CheckConversations(snapshots, parts.reply_logs),
        repair_conversation=RepairConversation(parts.uow, inspect, parts.reply_logs, recover, parts.clock),
    )


def audit_use_cases(parts: Parts, state: StateUseCases) -> AuditUseCases:
    """Put together the record of what happened: read, verified, and what handlers could not take."""
    return AuditUseCases(
        list_events=ListEvents(SqlEventReader(parts.connections)),
        verify_events=VerifyEvents(SqlSnapshots(parts.connections), CheckpointKeys.of(parts.keys.public())),
        list_dead_letters=ListDeadLetters(parts.reads),
        retry_dead_letter=RetryDeadLetter(parts.uow, parts.clock),
        discard_dead_letter=DiscardDeadLetter(parts.uow, parts.clock),
        read_conversation=ReadConversation(state.inspect_conversation, parts.uow),
    )
