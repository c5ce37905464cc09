"""What keepers of recommendations and of generated scenarios do."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from fakes.accounts import add_account

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from domain.identity.errors import UserNotFound
from domain.shared.pages import PageRequest

CATALOG = read_catalog()
IDS = [scenario.id for scenario in CATALOG.scenarios]


@pytest.fixture(autouse=True)
async def _seeded(connections) -> None:
    await seed(connections, CATALOG)


@pytest.fixture
async def learner(connections) -> UUID:
    return await add_account(connections)


async def recommended(sql_reads, learner: UUID, place: int = 0, limit: int = 100) -> list[tuple[int, str]]:
    async with sql_reads() as reads:
        return [(one.place, one.scenario.id) for one in await reads.recommendations.after(learner, place, limit)]


async def recommend(sql_work, learner: UUID, ids: list[str]) -> None:
    async with sql_work() as work:
        await work.recommendations.replace(learner, ids)
        await work.commit()


async def test_recommendations_are_those_given_last_in_their_order(sql_work, sql_reads, learner) -> None:
    assert await recommended(sql_reads, learner) == []
    await recommend(sql_work, learner, IDS[:5])
    await recommend(sql_work, learner, IDS[3::-1])
    assert await recommended(sql_reads, learner) == list(enumerate(IDS[3::-1], start=1))
    assert await recommended(sql_reads, learner, place=1, limit=2) == [(2, IDS[2]), (3, IDS[1])]
    await recommend(sql_work, learner, [])
    assert await recommended(sql_reads, learner) == []


async def test_a_scenario_that_is_gone_leaves_no_gap(sql_work, sql_reads, learner) -> None:
    await recommend(sql_work, learner, [IDS[0], "gone", IDS[1]])
    assert await recommended(sql_reads, learner) == [(1, IDS[0]), (2, IDS[1])]


async def test_what_is_recommended_to_one_is_not_to_another(sql_work, sql_reads, learner, connections) -> None:
    await recommend(sql_work, learner, IDS[:1])
    assert await recommended(sql_reads, await add_account(connections)) == []


async def test_nothing_is_kept_for_who_was_erased(sql_work) -> None:
    made = replace(CATALOG.scenarios[0], id=str(uuid4()), owner_id=uuid4())
    with pytest.raises(UserNotFound):
        await recommend(sql_work, uuid4(), IDS)
    async with sql_work() as work:
        with pytest.raises(UserNotFound):
            await work.generated_scenarios.add([made])


async def test_generated_scenarios_come_back_whole_in_their_order_before_all_others(
    sql_work, sql_reads, learner
) -> None:
    made = [replace(CATALOG.scenarios[n], id=str(uuid4()), owner_id=learner, partner_id=str(uuid4())) for n in (4, 1)]
    async with sql_work() as work:
        await work.generated_scenarios.add(made)
        await work.commit()
    async with sql_reads() as reads:
        page = await reads.scenarios.page(learner, None, None, PageRequest(1))
        rest = await reads.scenarios.page(learner, None, None, PageRequest(100, page.next_after))
    assert [*page.items, *rest.items] == [*made, *CATALOG.scenarios]
