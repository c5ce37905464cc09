"""A learner's answers, and the one state machine that is derived from them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.onboarding.errors import OnboardingIncomplete, PartnerNotChosen
from domain.onboarding.steps import Step


@dataclass(frozen=True, slots=True)
class SituationSelection:
    """A chosen situation: a catalogue id, or a UUID as text with the name the learner gave it."""

    situation_id: str
    custom_name: str | None = None


@dataclass(frozen=True, slots=True)
class PartnerSelection:
    """A chosen partner, named like a situation, and the situations the learner speaks with it in, in their order."""

    partner_id: str
    custom_name: str | None = None
    situations: tuple[SituationSelection, ...] = ()


@dataclass(frozen=True, slots=True)
class Onboarding:
    """The answers of one learner; nothing answered is the beginning.

    `role_input` says that the job was described or a role chosen: it outlasts the role, which another industry
    clears. `selections` are in order of priority. `step` is the furthest one reached and never falls, save by `reset`.
    `version` counts the writes; 0 was never written.
    """

    user_id: UUID
    version: int = 0
    native_language_id: str | None = None
    industry_id: str | None = None
    job_title: str | None = None
    job_description: str | None = None
    role_input: bool = False
    role_id: str | None = None
    selections: tuple[PartnerSelection, ...] = ()
    step: Step = Step.NOT_STARTED
    completed_at: datetime | None = None

    @property
    def answers(self) -> Mapping[Step, bool]:
        """Every step that wants an answer, in order, and whether it has it."""
        return {
            Step.NATIVE_LANGUAGE: self.native_language_id is not None,
            Step.INDUSTRY_SELECTION: self.industry_id is not None,
            Step.ROLE_INPUT: self.role_input,
            Step.ROLE_SELECTION: self.role_id is not None,
            Step.COMMUNICATION_PARTNERS: bool(self.selections),
            Step.SITUATION_SELECTION: bool(self.selections) and all(chosen.situations for chosen in self.selections),
        }

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that lack an answer, in order."""
        return tuple(step for step, answered in self.answers.items() if not answered)

    @property
    def next_step(self) -> Step:
        """The first step that lacks an answer; COMPLETED when none does."""
        return next(iter(self.missing), Step.COMPLETED)

    def selection(self, partner_id: str) -> PartnerSelection:
        """Return what was chosen for a partner. Raises PartnerNotChosen."""
        for chosen in self.selections:
            if chosen.partner_id == partner_id:
                return chosen
        raise PartnerNotChosen(partner_id)

    def with_native_language(self, language_id: str) -> "Onboarding":
        """Answer the native language."""
        return self._answered(native_language_id=language_id)

    def with_industry(self, industry_id: str) -> "Onboarding":
        """Answer the industry. Another one than before clears the role, which belongs to its industry."""
        if industry_id == self.industry_id:
            return self
        return self._answered(industry_id=industry_id, role_id=None)

    def with_job(self, title: str, description: str) -> "Onboarding":
        """Answer what the job is, in the learner's own words."""
        return self._answered(job_title=title, job_description=description, role_input=True)

    def with_role(self, role_id: str) -> "Onboarding":
        """Answer the role; that says what the job is, too."""
        return self._answered(role_id=role_id, role_input=True)

    def with_partners(self, partners: Mapping[str, str | None]) -> "Onboarding":
        """Answer the partners: id and custom name of each, in order of priority.

        They replace those before. A partner that stays keeps its situations.
        """
        situations = {chosen.partner_id: chosen.situations for chosen in self.selections}
        selections = (PartnerSelection(key, name, situations.get(key, ())) for key, name in partners.items())
        return self._answered(selections=tuple(selections))

    def with_situations(self, partner_id: str, situations: Mapping[str, str | None]) -> "Onboarding":
        """Answer one partner's situations: id and custom name of each. They replace those before.

        Raises PartnerNotChosen.
        """
        chosen = self.selection(partner_id)
        changed = replace(chosen, situations=tuple(SituationSelection(*item) for item in situations.items()))
        return self._answered(selections=tuple(changed if one is chosen else one for one in self.selections))

    def completed(self, now: datetime) -> "Onboarding":
        """Confirm the answers; the moment of the first time stays. Raises OnboardingIncomplete."""
        if self.missing:
            raise OnboardingIncomplete(self.missing)
        return replace(self, step=Step.COMPLETED, completed_at=self.completed_at or now)

    def reset(self) -> "Onboarding":
        """Forget every answer."""
        return Onboarding(self.user_id, self.version)

    def _answered(self, **answers: Any) -> "Onboarding":
        changed = replace(self, **answers)
        return replace(changed, step=max(self.step, _reached(changed), key=Step.order))


def _reached(onboarding: Onboarding) -> Step:
    """Return the furthest step that the present answers alone amount to."""
    if not onboarding.missing:
        return Step.SUMMARY
    if any(chosen.situations for chosen in onboarding.selections):
        return Step.SITUATION_SELECTION
    reached = (step for step, answered in onboarding.answers.items() if answered)
    return max(reached, key=Step.order, default=Step.NOT_STARTED)
