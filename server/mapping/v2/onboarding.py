"""Onboarding."""

from collections.abc import Iterable

from domain.catalog.matching import RoleMatch
from domain.onboarding.steps import Step
from domain.onboarding.view import OnboardingView, PartnerView
from fluentpro.v2 import onboarding_pb2
from server.mapping.v2 import catalog
from server.mapping.v2.times import timestamp

_STEPS = {step: onboarding_pb2.OnboardingStep.Value(f"ONBOARDING_STEP_{step.name}") for step in Step}


def onboarding(view: OnboardingView) -> onboarding_pb2.Onboarding:
    """Map an onboarding with everything it names."""
    value = view.onboarding
    return onboarding_pb2.Onboarding(
        step=_STEPS[value.step],
        next_step=_STEPS[value.next_step],
        native_language=catalog.language(view.native_language) if view.native_language else None,
        industry=catalog.industry(view.industry) if view.industry else None,
        job_title=value.job_title or "",
        job_description=value.job_description or "",
        role=catalog.role(view.role) if view.role else None,
        partners=map(_partner_selection, view.partners),
        completed_at=timestamp(value.completed_at),
    )


def steps(values: Iterable[Step]) -> "list[onboarding_pb2.OnboardingStep.ValueType]":
    """Map steps."""
    return [_STEPS[step] for step in values]


def role_match(value: RoleMatch) -> onboarding_pb2.RoleMatch:
    """Map a role that fits a description."""
    return onboarding_pb2.RoleMatch(role=catalog.role(value.role), score=value.score, reasons=value.reasons)


def _partner_selection(view: PartnerView) -> onboarding_pb2.PartnerSelection:
    return onboarding_pb2.PartnerSelection(
        partner=catalog.partner(view.partner, custom=view.custom),
        priority=view.priority,
        situations=[catalog.situation(chosen.situation, custom=chosen.custom) for chosen in view.situations],
    )
