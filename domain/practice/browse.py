"""Looking at what there is to practise."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from domain.practice.errors import ScenarioNotFound
from domain.practice.ids import parse_scenario_id
from domain.practice.scenario import Scenario
from domain.practice.scenarios import ScenarioReads
from domain.shared.pages import Page, PageRequest


@dataclass(frozen=True, slots=True)
class GetScenario:
    """Give one scenario."""

    reads: Callable[[], AbstractAsyncContextManager[ScenarioReads]]

    async def __call__(self, user_id: UUID, scenario_id: str) -> Scenario:
        """Return a scenario of ours or of the learner's own. Raises ScenarioNotFound."""
        key = parse_scenario_id(scenario_id)
        async with self.reads() as repositories:
            scenario = await repositories.scenarios.get(key, user_id)
        if scenario is None:
            raise ScenarioNotFound(scenario_id)
        return scenario


@dataclass(frozen=True, slots=True)
class ListScenarios:
    """List the scenarios: the learner's own, then those that are nearest to their work."""

    reads: Callable[[], AbstractAsyncContextManager[ScenarioReads]]

    async def __call__(self, user_id: UUID, request: PageRequest) -> Page[Scenario]:
        """Return a page: the learner's own, their role, their industry, the rest. No answers are needed."""
        async with self.reads() as repositories:
            onboarding = await repositories.onboardings.get(user_id)
            return await repositories.scenarios.page(user_id, onboarding.role_id, onboarding.industry_id, request)
