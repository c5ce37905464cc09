"""The use cases of each area, ready to call: what servicers and workers are given."""

from dataclasses import dataclass

from domain.audit.dead_letters import DiscardDeadLetter, ListDeadLetters, RetryDeadLetter
from domain.audit.inspection import ReadConversation
from domain.audit.reading import ListEvents
from domain.audit.verification import VerifyEvents
from domain.catalog.browse import ListCommunicationPartners, ListIndustries, ListLanguages, ListRoles, ListSituations
from domain.identity.access import GetPublicKeys
from domain.identity.erase import EraseUser
from domain.identity.export import ExportAccount
from domain.identity.log_in import AuthenticateUser
from domain.identity.open_sessions import FindEndedSessions, ListSessions, RevokeSession
from domain.identity.profile import GetUser, UpdateProfile
from domain.identity.sessions import LogOut, RefreshTokens
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
from domain.practice.cancellation import CancelReply, EndConversation
from domain.practice.conversations import GetConversation, ListConversations, ListTurns, StartConversation
from domain.practice.conversing import Converse
from domain.practice.generation import GenerateScenarios
from domain.practice.inspecting import CheckConversations, FindConversations, InspectConversation
from domain.practice.messages import SendMessage
from domain.practice.pausing import PauseConversation, ResumeConversation
from domain.practice.recommendations import ListRecommendations
from domain.practice.regeneration import RegenerateReply
from domain.practice.repairing import RepairConversation
from domain.practice.replies import FollowReply, ResumeReply
from domain.practice.watching import WatchConversation


@dataclass(frozen=True, slots=True)
class IdentityUseCases:
    """Accounts, sessions and their tokens."""

    register_user: RegisterUser
    authenticate_user: AuthenticateUser
    refresh_tokens: RefreshTokens
    log_out: LogOut
    list_sessions: ListSessions
    revoke_session: RevokeSession
    find_ended_sessions: FindEndedSessions
    get_public_keys: GetPublicKeys
    get_user: GetUser
    update_profile: UpdateProfile
    export_account: ExportAccount
    erase_user: EraseUser


@dataclass(frozen=True, slots=True)
class CatalogUseCases:
    """What a learner can choose from."""

    list_languages: ListLanguages
    list_industries: ListIndustries
    list_roles: ListRoles
    list_communication_partners: ListCommunicationPartners
    list_situations: ListSituations


@dataclass(frozen=True, slots=True)
class OnboardingUseCases:
    """The way from a new account to the first conversation."""

    get_onboarding: GetOnboarding
    get_summary: GetSummary
    select_native_language: SelectNativeLanguage
    select_industry: SelectUserIndustry
    match_roles: MatchUserRoleFromDescription
    select_role: SelectRole
    create_custom_role: CreateCustomUserRole
    select_partners: SelectCommunicationPartners
    configure_situations: ConfigurePartnerSituations
    complete_onboarding: CompleteOnboarding
    reset_onboarding: ResetOnboarding


@dataclass(frozen=True, slots=True)
class PracticeUseCases:
    """Scenarios, conversations and replies."""

    get_scenario: GetScenario
    list_scenarios: ListScenarios
    generate_scenarios: GenerateScenarios
    list_recommendations: ListRecommendations
    start_conversation: StartConversation
    get_conversation: GetConversation
    list_conversations: ListConversations
    list_turns: ListTurns
    send_message: SendMessage
    follow_reply: FollowReply
    resume_reply: ResumeReply
    cancel_reply: CancelReply
    regenerate_reply: RegenerateReply
    pause_conversation: PauseConversation
    resume_conversation: ResumeConversation
    end_conversation: EndConversation
    watch_conversation: WatchConversation
    converse: Converse


@dataclass(frozen=True, slots=True)
class JobUseCases:
    """What goes on behind the answers."""

    get_job: GetJob
    list_jobs: ListJobs
    watch_job: WatchJob
    cancel_job: CancelJob


@dataclass(frozen=True, slots=True)
class AuditUseCases:
    """The record of what happened, and what handlers could not make of it."""

    list_events: ListEvents
    verify_events: VerifyEvents
    list_dead_letters: ListDeadLetters
    retry_dead_letter: RetryDeadLetter
    discard_dead_letter: DiscardDeadLetter
    read_conversation: ReadConversation


@dataclass(frozen=True, slots=True)
class StateUseCases:
    """Conversations as they are stored, for operators."""

    find_conversations: FindConversations
    inspect_conversation: InspectConversation
    check_conversations: CheckConversations
    repair_conversation: RepairConversation
