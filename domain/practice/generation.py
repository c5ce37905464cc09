"""Scenarios that are made for one learner: asking for them, and the job that makes them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeAlias
from uuid import UUID, uuid4, uuid5

from domain.catalog.ports import Catalog
from domain.identity.errors import UserNotFound
from domain.identity.ports import Users
from domain.onboarding.ports import Onboardings
from domain.practice.composing import Brief, compose, draws
from domain.practice.events import (
    ScenarioGenerationCompleted,
    ScenarioGenerationFailed,
    ScenarioGenerationRequested,
    ScenarioGenerationStarted,
)
from domain.practice.material import MaterialSource
from domain.practice.planning import GenerationRequest, Planner
from domain.practice.scenario import Scenario
from domain.shared.errors import DomainError, ErrorKind
from domain.shared.job_context import JobContext, JobWork
from domain.shared.jobs import Job, JobRequest
from domain.shared.unit_of_work import UnitOfWork

GENERATE_SCENARIOS = "practice.generate_scenarios"
"""The task that makes them. Its arguments are a `user_id` and the fields of a GenerationRequest."""


class GeneratedScenarios(Protocol):
    """Where scenarios are put that were made for a learner."""

    async def add(self, scenarios: Sequence[Scenario]) -> None:
        """Add scenarios of one owner, in their order. Raises UserNotFound when the owner was erased."""


class LearnerRepositories(Protocol):
    """What is read of a learner."""

    @property
    def users(self) -> Users:
        """The accounts."""

    @property
    def onboardings(self) -> Onboardings:
        """The learners' answers."""


class GenerationWork(JobWork, Protocol):
    """A transaction of the job."""

    @property
    def generated_scenarios(self) -> GeneratedScenarios:
        """Where its scenarios go."""


LearnerReads: TypeAlias = Callable[[], AbstractAsyncContextManager[LearnerRepositories]]
"""Gives repositories whose statements stand alone."""


async def plan(reads: LearnerReads, catalog: Catalog, user_id: UUID, request: GenerationRequest) -> tuple[Brief, ...]:
    """Return what the scenarios are to be about. Raises UserNotFound, InvalidRequest, OnboardingIncomplete."""
    async with reads() as repositories:
        if await repositories.users.get(user_id) is None:
            raise UserNotFound(user_id)
        onboarding = await repositories.onboardings.get(user_id)
    return await Planner(catalog, onboarding).plan(request)


@dataclass(frozen=True, slots=True)
class GenerateScenarios:
    """Ask for scenarios."""

    uow: Callable[[], UnitOfWork]
    reads: LearnerReads
    catalog: Catalog

    async def __call__(self, user_id: UUID, request: GenerationRequest) -> Job:
        """Return the job that makes them. Raises UserNotFound, InvalidRequest, OnboardingIncomplete."""
        briefs = await plan(self.reads, self.catalog, user_id, request)
        async with self.uow() as work:
            arguments = {"user_id": str(user_id), **asdict(request)}
            job = work.enqueue(JobRequest(GENERATE_SCENARIOS, f"generate:{uuid4()}", arguments, user_id))
            work.record(ScenarioGenerationRequested(job_id=job.id, user_id=user_id, count=len(briefs)))
            await work.commit(job)
        return job


@dataclass(frozen=True, slots=True)
class ComposeScenarios:
    """Make the scenarios that were asked for: the job.

    All of them are written with its end, so that a job that is cancelled or fails leaves none. An attempt after a crash
    makes the same ones again: what chance decides, it decides by the job's id.
    """

    reads: LearnerReads
    catalog: Catalog
    material: MaterialSource

    async def __call__(self, context: JobContext, user_id: UUID, request: GenerationRequest) -> None:
        """Make them and end the job. Raises UserNotFound, InvalidRequest, OnboardingIncomplete."""
        job_id = context.job.id
        try:
            briefs = await plan(self.reads, self.catalog, user_id, request)
            started = ScenarioGenerationStarted(job_id=job_id, user_id=user_id, attempt=context.job.attempts)
            await _record(context, started)
            scenarios = await self._composed(context, user_id, briefs)
            await _write(context, user_id, scenarios)
        except DomainError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:  # that will be tried again
                await _record(context, ScenarioGenerationFailed(job_id=job_id, user_id=user_id, reason=error.reason))
            raise

    async def _composed(self, context: JobContext, user_id: UUID, briefs: Sequence[Brief]) -> list[Scenario]:
        material, seed, total = self.material(), context.job.id, len(briefs)
        await context.progress(0, total)
        scenarios = []
        for done, (brief, draw) in enumerate(zip(briefs, draws(seed, briefs, material), strict=True), start=1):
            scenarios.append(compose(uuid5(seed, str(done)), user_id, brief, draw, material))
            await context.progress(done, total, f"{done} of {total} scenarios")
        return scenarios


async def _record(context: JobContext, event: Any) -> None:
    async with context.work() as work:
        work.record(event)
        await work.commit()


async def _write(context: JobContext, user_id: UUID, scenarios: Sequence[Scenario]) -> None:
    ids = tuple(scenario.id for scenario in scenarios)
    result: Mapping[str, Any] = {"scenario_ids": list(ids)}
    async with context.work() as work:
        await work.generated_scenarios.add(scenarios)
        work.record(ScenarioGenerationCompleted(job_id=context.job.id, user_id=user_id, scenario_ids=ids))
        await work.finish(result)
