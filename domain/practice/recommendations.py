"""Scenarios recommended to one learner: working them out, and listing them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from domain.catalog.model import Role
from domain.catalog.ports import Catalog
from domain.identity.errors import UserNotFound
from domain.onboarding.model import Onboarding
from domain.practice.generation import LearnerRepositories
from domain.practice.listing import parse_position
from domain.practice.planning import level_for
from domain.practice.scenario import Scenario
from domain.practice.scenarios import Scenarios
from domain.shared.job_context import JobContext, JobWork
from domain.shared.pages import MAXIMUM_SIZE, Page, PageRequest

RECOMMEND_SCENARIOS = "practice.recommend_scenarios"
"""The task that works them out. Its argument is a `user_id`."""

KEPT = 20
"""How many are recommended: as many as a first page shows."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A scenario and its place among those recommended to the learner, from 1."""

    place: int
    scenario: Scenario


class Recommendations(Protocol):
    """What is recommended to whom."""

    async def replace(self, user_id: UUID, scenario_ids: Sequence[str]) -> None:
        """Recommend these, the best first, in place of those before.

        Raises UserNotFound when the learner was erased.
        """

    async def after(self, user_id: UUID, place: int, limit: int) -> Sequence[Recommendation]:
        """Return up to `limit` recommendations with a higher place, in order."""


class RecommendationRepositories(Protocol):
    """What listing reads."""

    @property
    def recommendations(self) -> Recommendations:
        """What is recommended to whom."""


class RecommendationWork(JobWork, RecommendationRepositories, Protocol):
    """A transaction of the job."""


class RecommendingRepositories(LearnerRepositories, Protocol):
    """What the job reads."""

    @property
    def scenarios(self) -> Scenarios:
        """The scenarios."""


RecommendationReads: TypeAlias = Callable[[], AbstractAsyncContextManager[RecommendationRepositories]]
"""Gives repositories whose statements stand alone."""


@dataclass(frozen=True, slots=True)
class ListRecommendations:
    """List what is recommended to the learner; nothing, before it was worked out."""

    reads: RecommendationReads

    async def __call__(self, user_id: UUID, request: PageRequest) -> Page[Scenario]:
        """Return a page, the best first. Raises InvalidRequest."""
        place = parse_position(request.after)
        async with self.reads() as repositories:
            found = await repositories.recommendations.after(user_id, place, request.size + 1)
        items = found[: request.size]
        more = len(found) > request.size
        return Page(tuple(one.scenario for one in items), str(items[-1].place) if more else None)


@dataclass(frozen=True, slots=True)
class RecommendScenarios:
    """Work out what to recommend to a learner: the job after the onboarding."""

    reads: Callable[[], AbstractAsyncContextManager[RecommendingRepositories]]
    catalog: Catalog

    async def __call__(self, context: JobContext, user_id: UUID) -> None:
        """Keep the recommendations, and end the job. Raises UserNotFound."""
        async with self.reads() as repositories:
            if await repositories.users.get(user_id) is None:
                raise UserNotFound(user_id)
            onboarding = await repositories.onboardings.get(user_id)
            nearest = PageRequest(MAXIMUM_SIZE)
            page = await repositories.scenarios.page(user_id, onboarding.role_id, onboarding.industry_id, nearest)
        role = await self.catalog.role(onboarding.role_id, user_id) if onboarding.role_id else None
        best = ranked(page.items, onboarding, role)[:KEPT]
        async with context.work() as work:
            await work.recommendations.replace(user_id, [scenario.id for scenario in best])
            await work.finish()


def ranked(scenarios: Sequence[Scenario], onboarding: Onboarding, role: Role | None) -> list[Scenario]:
    """Return those that have to do with the learner's work, the nearest to it first; ties keep their order."""
    scored = [(fit(scenario, onboarding, role), scenario) for scenario in scenarios]
    fitting = [(score, scenario) for score, scenario in scored if score > 0]
    return [scenario for _, scenario in sorted(fitting, key=lambda one: -one[0])]


def fit(scenario: Scenario, onboarding: Onboarding, role: Role | None) -> int:
    """Return how near a scenario is to the learner's work.

    The role outweighs all else, and the industry what follows: the partner, the first one they chose above the others,
    the occasion, and at last the level. What shares neither role, industry nor partner is not near at all.
    """
    same_role = scenario.role_id == onboarding.role_id
    same_industry = scenario.industry_id == onboarding.industry_id
    partners = [chosen.partner_id for chosen in onboarding.selections]
    if not (same_role or same_industry or scenario.partner_id in partners):
        return 0
    same_level = role is not None and scenario.level is level_for(role)
    return 64 * same_role + 32 * same_industry + _partner(scenario, onboarding) + same_level


def _partner(scenario: Scenario, onboarding: Onboarding) -> int:
    partner = occasion = 0
    for priority, chosen in enumerate(onboarding.selections):
        is_theirs = chosen.partner_id == scenario.partner_id
        if is_theirs:
            partner = 10 if priority == 0 else 8
        if any(one.situation_id == scenario.situation_id for one in chosen.situations):
            occasion = max(occasion, 4 if is_theirs else 2)
    return partner + occasion
