"""Where scenarios are kept, as the learner who asks may see them."""

from typing import Protocol
from uuid import UUID

from domain.onboarding.ports import Onboardings
from domain.practice.scenario import Scenario
from domain.shared.pages import Page, PageRequest


class Scenarios(Protocol):
    """Our scenarios, which everybody sees, and those made for one learner, which nobody else sees."""

    async def get(self, scenario_id: str, user_id: UUID) -> Scenario | None:
        """Return one scenario; None when there is none that the learner may see."""
        ...

    async def page(
        self, user_id: UUID, role_id: str | None, industry_id: str | None, request: PageRequest
    ) -> Page[Scenario]:
        """Return a page of all that the learner may see.

        First come their own, the newest foremost; then those of the role, of the industry, and the rest.
        """
        ...


class ScenarioReads(Protocol):
    """What listing scenarios reads."""

    @property
    def scenarios(self) -> Scenarios:
        """The scenarios."""
        ...

    @property
    def onboardings(self) -> Onboardings:
        """The learners' answers."""
        ...
