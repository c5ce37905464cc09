"""Finding, choosing and making the learner's role, within the chosen industry."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.catalog.choices import one_of
from domain.catalog.matching import RoleMatch
from domain.catalog.model import Role, RoleLevel
from domain.catalog.ports import Catalog, RoleMatcher
from domain.onboarding.errors import IndustryNotChosen
from domain.onboarding.events import CustomRoleCreated, RoleMatchPerformed, RoleSelected
from domain.onboarding.model import Onboarding
from domain.onboarding.ports import OnboardingReads, OnboardingWork
from domain.onboarding.recording import keep
from domain.onboarding.view import OnboardingView, view_of
from domain.shared.checks import Checks
from domain.shared.text import line, prose

# The contract's lengths, in characters.
_job_title = line(2, 200)
_role_title = line(3, 100)
_description = prose(10, 2000)


def check_job(job_title: str, job_description: str) -> tuple[str, str]:
    """Return title and description fit to keep. Raises InvalidRequest."""
    with Checks() as check:
        title = check("job_title", _job_title, job_title)
        description = check("job_description", _description, job_description)
    return title, description


def check_new_role(title: str, description: str, level: str) -> tuple[str, str, RoleLevel]:
    """Return title, duties and level of a new role; `level` is a RoleLevel's value. Raises InvalidRequest."""
    with Checks() as check:
        name = check("title", _role_title, title)
        duties = check("description", _description, description)
        check("level", one_of(list(RoleLevel)), level)
    return name, duties, RoleLevel(level)


def _industry_of(onboarding: Onboarding) -> str:
    if onboarding.industry_id is None:
        raise IndustryNotChosen
    return onboarding.industry_id


@dataclass(frozen=True, slots=True)
class MatchUserRoleFromDescription:
    """Find the roles that fit the learner's own words, and keep the words."""

    reads: Callable[[], AbstractAsyncContextManager[OnboardingReads]]
    uow: Callable[[], OnboardingWork]
    matcher: RoleMatcher

    async def __call__(self, user_id: UUID, job_title: str, job_description: str) -> tuple[RoleMatch, ...]:
        """Return at most five roles, the best first; none when nothing fits.

        Raises InvalidRequest and IndustryNotChosen.
        """
        title, description = check_job(job_title, job_description)
        async with self.reads() as repositories:
            industry_id = _industry_of(await repositories.onboardings.get(user_id))
        # The search takes its time and may need a connection of its own, so it stands before the transaction.
        matches = await self.matcher.match(title, description, industry_id, user_id)
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            work.record(_performed(user_id, industry_id, matches))
            await keep(work, before, before.with_job(title, description))
            await work.commit()
        return matches


def _performed(user_id: UUID, industry_id: str, matches: tuple[RoleMatch, ...]) -> RoleMatchPerformed:
    best = round(100 * max((match.score for match in matches), default=0.0))
    return RoleMatchPerformed(user_id=user_id, industry_id=industry_id, matches=len(matches), best_score=best)


@dataclass(frozen=True, slots=True)
class SelectRole:
    """Choose a role of the chosen industry, from the catalogue or the learner's own."""

    uow: Callable[[], OnboardingWork]
    catalog: Catalog

    async def __call__(self, user_id: UUID, role_id: str) -> OnboardingView:
        """Return the onboarding with the answer. Raises IndustryNotChosen and InvalidRequest."""
        roles = await self.catalog.roles(None, user_id)
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            industry_id = _industry_of(before)
            choosable = {role.id: role for role in roles if role.industry_id == industry_id}
            with Checks() as check:
                check("role_id", one_of(choosable), role_id)
            selected = RoleSelected(user_id=user_id, role_id=role_id, custom=choosable[role_id].custom)
            after = await keep(work, before, before.with_role(role_id), selected)
            view = await view_of(after, self.catalog)
            await work.commit(view)
        return view


@dataclass(frozen=True, slots=True)
class CreateCustomUserRole:
    """Make a role of the learner's own, in the chosen industry, and choose it."""

    uow: Callable[[], OnboardingWork]
    new_id: Callable[[], UUID] = uuid4

    async def __call__(self, user_id: UUID, title: str, description: str, level: str) -> Role:
        """Return the new role; `level` is a RoleLevel's value. Raises InvalidRequest and IndustryNotChosen."""
        name, duties, seniority = check_new_role(title, description, level)
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            role = Role(str(self.new_id()), _industry_of(before), name, duties, (), seniority, owner_id=user_id)
            await work.custom_roles.add(role)
            created = CustomRoleCreated(
                user_id=user_id, role_id=role.id, industry_id=role.industry_id, level=role.level
            )
            selected = RoleSelected(user_id=user_id, role_id=role.id, custom=True)
            await keep(work, before, before.with_role(role.id), created, selected)
            await work.commit(role)
        return role
