"""What every keeper of scenarios does: the one in Postgres, and the one that unit tests use."""

from dataclasses import asdict, replace
from uuid import UUID, uuid4

import pytest
from fakes.accounts import add_account
from fakes.catalog import FakeScenarios
from sqlalchemy import insert

from adapters.seed.files import CatalogData, read_catalog
from adapters.seed.write import seed
from adapters.sql.scenarios import SqlScenarios
from adapters.sql.tables.scenarios import scenario
from domain.practice.scenario import Scenario
from domain.practice.scenarios import Scenarios
from domain.shared.pages import PageRequest

EVERYTHING = PageRequest(size=100)


@pytest.fixture(scope="module")
def data() -> CatalogData:
    return read_catalog()


@pytest.fixture
async def learner(connections) -> UUID:
    return await add_account(connections)


@pytest.fixture
def own(data, learner) -> Scenario:
    """One that was made for the learner."""
    return replace(data.scenarios[-1], id=str(uuid4()), owner_id=learner)


@pytest.fixture(params=["fake", "sql"])
async def scenarios(request, connections, data, own):
    if request.param == "fake":
        yield FakeScenarios((*data.scenarios, own))
        return
    await seed(connections, data)
    await add(connections, own)
    async with connections.reading() as connection:
        yield SqlScenarios(connection)


async def add(connections, made: Scenario) -> None:
    row = asdict(made)
    columns = {name: row[name] for name in scenario.c.keys() & row.keys()}
    content = {name: value for name, value in row.items() if name not in columns}
    async with connections.transaction() as connection:
        await connection.execute(insert(scenario), {**columns, "position": 1000, "content": content})
        await connection.commit()


async def walk(scenarios: Scenarios, learner: UUID, role_id, industry_id, size: int) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = await scenarios.page(learner, role_id, industry_id, PageRequest(size, after))
        assert 0 < len(page.items) <= size
        found += [one.id for one in page.items]
        after = page.next_after
        if after is None:
            return found


async def test_one_scenario_whole(scenarios, learner, data, own):
    for expected in (data.scenarios[0], own):
        assert await scenarios.get(expected.id, learner) == expected


async def test_all_who_use_a_shipped_scenario_share_one_object(scenarios, learner, data):
    assert await scenarios.get(data.scenarios[0].id, learner) is await scenarios.get(data.scenarios[0].id, learner)


async def test_one_of_another_learner_or_of_nobody_is_none(scenarios, learner, own, connections):
    assert await scenarios.get(own.id, await add_account(connections)) is None
    assert await scenarios.get("no_such_thing", learner) is None


async def test_ones_own_come_first_and_without_answers_the_others_in_their_order(scenarios, learner, data, own):
    page = await scenarios.page(learner, None, None, EVERYTHING)
    assert page.items == (own, *data.scenarios)
    assert page.next_after is None


async def test_after_ones_own_those_of_the_role_come_first_then_those_of_the_industry(scenarios, learner, data):
    chosen = data.scenarios[-2]
    page = await scenarios.page(learner, chosen.role_id, chosen.industry_id, EVERYTHING)
    ranks = [2 - (one.industry_id == chosen.industry_id) - (one.role_id == chosen.role_id) for one in page.items[1:]]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    assert {1, 2} <= set(ranks)


async def test_an_own_role_has_the_industry_first(scenarios, learner, data):
    page = await scenarios.page(learner, str(uuid4()), data.scenarios[-1].industry_id, EVERYTHING)
    assert page.items[1].industry_id == data.scenarios[-1].industry_id


async def test_a_page_shows_no_other_learners(scenarios, own, data, connections):
    page = await scenarios.page(await add_account(connections), None, None, EVERYTHING)
    assert page.items == data.scenarios


@pytest.mark.parametrize("size", [1, 4, 7])
async def test_pages_of_any_size_give_each_scenario_once(scenarios, learner, data, size):
    chosen = data.scenarios[-1]
    whole = await scenarios.page(learner, chosen.role_id, chosen.industry_id, EVERYTHING)
    walked = await walk(scenarios, learner, chosen.role_id, chosen.industry_id, size)
    assert walked == [one.id for one in whole.items]
