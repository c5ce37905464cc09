"""The catalogue and the scenarios in memory."""

from collections.abc import Sequence
from uuid import UUID

from adapters.seed.files import CatalogData
from domain.catalog.model import CommunicationPartner, Industry, Language, Role, Situation
from domain.practice.scenario import Scenario
from domain.shared.pages import Page, PageRequest


class FakeCatalog:
    """Implements `Catalog` over the shipped content and a list of learners' own roles."""

    def __init__(self, data: CatalogData, own_roles: Sequence[Role] = ()) -> None:
        self._data = data
        self._own_roles = own_roles

    async def languages(self) -> tuple[Language, ...]:
        return self._data.languages

    async def industries(self) -> tuple[Industry, ...]:
        return self._data.industries

    async def partners(self) -> tuple[CommunicationPartner, ...]:
        return self._data.partners

    async def situations(self) -> tuple[Situation, ...]:
        return self._data.situations

    async def roles(self, industry_id: str | None, owner_id: UUID | None) -> tuple[Role, ...]:
        own = sorted((role for role in self._own_roles if role.owner_id == owner_id), key=lambda role: role.title)
        return tuple(role for role in (*self._data.roles, *own) if industry_id in {None, role.industry_id})

    async def role(self, role_id: str, owner_id: UUID | None) -> Role | None:
        return next((role for role in await self.roles(None, owner_id) if role.id == role_id), None)


class FakeScenarios:
    """Implements `Scenarios`."""

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self._scenarios = scenarios

    async def get(self, scenario_id: str, user_id: UUID) -> Scenario | None:
        return next((one for one in self._visible(user_id) if one.id == scenario_id), None)

    async def page(
        self, user_id: UUID, role_id: str | None, industry_id: str | None, request: PageRequest
    ) -> Page[Scenario]:
        def rank(one: Scenario) -> tuple[bool, bool, bool]:
            return one.owner_id is None, one.role_id != role_id, one.industry_id != industry_id

        ordered = sorted(self._visible(user_id), key=rank)
        start = [one.id for one in ordered].index(request.after) + 1 if request.after else 0
        page = tuple(ordered[start : start + request.size])
        return Page(page, page[-1].id if start + len(page) < len(ordered) else None)

    def _visible(self, user_id: UUID) -> list[Scenario]:
        return [one for one in self._scenarios if one.owner_id in {None, user_id}]
