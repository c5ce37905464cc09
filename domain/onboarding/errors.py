"""Why an answer, or the end of onboarding, is refused."""

from domain.onboarding.steps import Step
from domain.shared.errors import DomainError, ErrorKind, Precondition

# Longer than any id of ours. What a caller sends is echoed in the head of the answer, which has room for a few KB.
_ECHOED = 100


class IndustryNotChosen(DomainError):
    """Roles are found and chosen within an industry, and the learner has none yet."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "INDUSTRY_NOT_CHOSEN"

    def __init__(self) -> None:
        super().__init__("Choose an industry first.")


class PartnerNotChosen(DomainError):
    """Situations are chosen for a chosen partner, and this one is not among them."""

    kind = ErrorKind.NOT_FOUND
    reason = "PARTNER_NOT_CHOSEN"

    def __init__(self, partner_id: str) -> None:
        super().__init__(
            "This communication partner is not among those chosen.", metadata={"partner_id": partner_id[:_ECHOED]}
        )


class OnboardingIncomplete(DomainError):
    """Answers are missing. `missing` are their steps, in order."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "ONBOARDING_INCOMPLETE"

    def __init__(self, missing: tuple[Step, ...]) -> None:
        names = [step.name for step in missing]
        super().__init__(f"Still missing: {', '.join(names)}.", metadata={"missing": ",".join(names)})
        self.missing = missing
        self.preconditions = tuple(
            Precondition("ONBOARDING_STEP", name, "This step has no answer yet.") for name in names
        )
