"""Looking at scenarios."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from fakes.catalog import FakeScenarios
from fakes.onboarding import FakeOnboardings

from adapters.seed.files import CatalogData, read_catalog
from domain.onboarding.model import Onboarding
from domain.practice.browse import GetScenario, ListScenarios
from domain.practice.errors import ScenarioNotFound
from domain.shared.pages import PageRequest

LEARNER = uuid4()
UNANSWERED = Onboarding(LEARNER)


@dataclass
class Reads:
    """Implements ScenarioReads."""

    scenarios: FakeScenarios
    onboardings: FakeOnboardings

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["Reads"]:
        yield self


@pytest.fixture(scope="module")
def data() -> CatalogData:
    return read_catalog()


@pytest.fixture
def reads(data):
    """Give reads of the shipped scenarios and one of somebody else's, for a learner with these answers."""

    def make(answers: Onboarding = UNANSWERED) -> Reads:
        theirs = replace(data.scenarios[0], id=str(uuid4()), owner_id=uuid4())
        return Reads(FakeScenarios((*data.scenarios, theirs)), FakeOnboardings({LEARNER: answers}, {LEARNER}))

    return make


async def test_one_scenario(reads, data):
    assert await GetScenario(reads())(LEARNER, data.scenarios[0].id) == data.scenarios[0]


@pytest.mark.parametrize(
    "scenario_id", ["", "no_such_thing", "a\x00b", "a b", "x" * 101, "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11"]
)
async def test_a_scenario_that_is_none_is_not_found(reads, scenario_id):
    with pytest.raises(ScenarioNotFound):
        await GetScenario(reads())(LEARNER, scenario_id)


async def test_without_answers_there_is_something_to_practise(reads, data):
    page = await ListScenarios(reads())(LEARNER, PageRequest(size=100))
    assert page.items == data.scenarios


async def test_the_role_comes_first_then_the_industry(reads, data):
    chosen = data.scenarios[-1]
    answers = Onboarding(LEARNER, industry_id=chosen.industry_id, role_id=chosen.role_id)
    page = await ListScenarios(reads(answers))(LEARNER, PageRequest(size=100))
    assert page.items[0].role_id == chosen.role_id
    industries = [one.industry_id == chosen.industry_id for one in page.items]
    assert industries == sorted(industries, reverse=True)
