"""A learner, the shipped catalogue, and every use case of onboarding over fakes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

import pytest
from fakes.catalog import FakeCatalog
from fakes.onboarding import FakeOnboardingStore

from adapters.seed.files import CatalogData, read_catalog
from domain.catalog.use_cases import WordRoleMatcher
from domain.onboarding.choose_partners import ConfigurePartnerSituations, SelectCommunicationPartners
from domain.onboarding.choose_role import CreateCustomUserRole, MatchUserRoleFromDescription, SelectRole
from domain.onboarding.model import Onboarding
from domain.onboarding.use_cases import (
    CompleteOnboarding,
    GetOnboarding,
    GetSummary,
    ResetOnboarding,
    SelectNativeLanguage,
    SelectUserIndustry,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@cache
def _shipped() -> CatalogData:
    return read_catalog()


@dataclass
class App:
    """The use cases, called by their names, for one learner."""

    store: FakeOnboardingStore
    user_id: UUID
    now: datetime = NOW

    def __post_init__(self) -> None:
        store, catalog = self.store, FakeCatalog(_shipped(), self.store.own_roles)
        self.get = GetOnboarding(store.reads, catalog)
        self.summary = GetSummary(store.reads, catalog)
        self.language = SelectNativeLanguage(store.work, catalog)
        self.industry = SelectUserIndustry(store.work, catalog)
        self.match = MatchUserRoleFromDescription(store.reads, store.work, WordRoleMatcher(catalog))
        self.select_role = SelectRole(store.work, catalog)
        self.create_role = CreateCustomUserRole(store.work)
        self.partners = SelectCommunicationPartners(store.work, catalog)
        self.situations = ConfigurePartnerSituations(store.work, catalog)
        self.complete = CompleteOnboarding(store.work, catalog, lambda: self.now)
        self.reset = ResetOnboarding(store.work, catalog)

    @property
    def onboarding(self) -> Onboarding:
        """What is stored."""
        return self.store.onboardings[self.user_id]

    @property
    def event_types(self) -> list[str]:
        """The types of all events so far, without their area."""
        return [event.type.removeprefix("onboarding.") for event in self.store.events]

    async def answer_everything(self) -> None:
        await self.language(self.user_id, "english")
        await self.industry(self.user_id, "hotels_hospitality")
        await self.select_role(self.user_id, "concierge")
        await self.partners(self.user_id, ["clients"], [])
        await self.situations(self.user_id, "clients", ["meetings"], [])


@pytest.fixture
def app() -> App:
    store = FakeOnboardingStore()
    return App(store, store.new_account())


@pytest.fixture
def violations():
    """Give what an InvalidRequest says, as {field: reason}."""
    return lambda caught: {one.field: one.reason for one in caught.value.violations}
