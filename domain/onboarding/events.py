"""What happened in an onboarding. The learner's own words (job, names of their own) are in none of these."""

from dataclasses import dataclass
from uuid import UUID

from domain.catalog.model import RoleLevel
from domain.onboarding.steps import Step
from domain.shared.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingEvent(Event):
    """Something that happened in a learner's onboarding."""

    aggregate = "onboarding"

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingStarted(OnboardingEvent):
    """The first answer was given."""

    type = "onboarding.session_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted(OnboardingEvent):
    """A step has its answer and lacked it before."""

    type = "onboarding.step_completed"

    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageSelected(OnboardingEvent):
    """The native language was chosen."""

    type = "onboarding.language_selected"

    language_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustrySelected(OnboardingEvent):
    """The industry was chosen."""

    type = "onboarding.industry_selected"

    industry_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleMatchPerformed(OnboardingEvent):
    """Roles were searched for. `best_score` is the score in percent; 0 when nothing was found."""

    type = "onboarding.role_match_performed"

    industry_id: str
    matches: int
    best_score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSelected(OnboardingEvent):
    """A role was chosen, from the catalogue or the learner's own."""

    type = "onboarding.role_selected"

    role_id: str
    custom: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRoleCreated(OnboardingEvent):
    """The learner made a role of their own."""

    type = "onboarding.custom_role_created"

    role_id: str
    industry_id: str
    level: RoleLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationPartnersSelected(OnboardingEvent):
    """The partners were chosen: those of the catalogue, most important first, and how many of the learner's own."""

    type = "onboarding.communication_partners_selected"

    partner_ids: tuple[str, ...]
    custom_partners: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerSituationsConfigured(OnboardingEvent):
    """A partner's situations were chosen: those of the catalogue, and how many of the learner's own."""

    type = "onboarding.partner_situations_configured"

    partner_id: str
    situation_ids: tuple[str, ...]
    custom_situations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingCompleted(OnboardingEvent):
    """The learner confirmed the summary."""

    type = "onboarding.session_completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingReset(OnboardingEvent):
    """Every answer was forgotten."""

    type = "onboarding.reset"
