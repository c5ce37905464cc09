"""Writing an answer together with what happened by it."""

from domain.onboarding.events import OnboardingStarted, StepCompleted
from domain.onboarding.model import Onboarding
from domain.onboarding.ports import OnboardingWork
from domain.onboarding.steps import Step
from domain.shared.events import Event


async def keep(work: OnboardingWork, before: Onboarding, after: Onboarding, *events: Event) -> Onboarding:
    """Save the onboarding and record `events`, with those that every answer brings along; the caller commits.

    An answer that was given already changes nothing, so nothing is written and nothing happened.
    """
    if after == before:
        return before
    if before.step is Step.NOT_STARTED:
        work.record(OnboardingStarted(user_id=after.user_id))
    work.record(*events, *_completed_steps(before, after))
    return await work.onboardings.save(after)


def _completed_steps(before: Onboarding, after: Onboarding) -> list[Event]:
    answered = [step for step in before.missing if step not in after.missing]
    return [StepCompleted(user_id=after.user_id, step=step) for step in answered]
