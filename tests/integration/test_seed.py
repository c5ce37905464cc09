"""Seeding: what the files say stands in the database, once, and what learners made stays theirs."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from fakes.accounts import add_account
from sqlalchemy import delete, select

from adapters.seed.files import CatalogData, read_catalog
from adapters.seed.write import SeedReport, seed
from adapters.sql.catalog import SNAPSHOT_SECONDS, SqlCatalog
from adapters.sql.tables.catalog import language, role
from adapters.sql.tables.scenarios import scenario
from domain.catalog.model import Role, RoleLevel


@pytest.fixture(scope="module")
def data() -> CatalogData:
    return read_catalog()


@pytest.fixture
async def seeded(connections, data):
    """The database with all that ships, before the test and again after it."""
    await seed(connections, data)
    yield connections
    await seed(connections, data)


def size(data: CatalogData) -> int:
    parts = (data.languages, data.industries, data.partners, data.situations, data.roles, data.scenarios)
    return sum(len(part) for part in parts)


def changed(data: CatalogData) -> CatalogData:
    first_role, *roles = data.roles
    first_scenario, *scenarios = data.scenarios
    return replace(
        data,
        roles=(replace(first_role, duties="Other duties."), *roles),
        scenarios=(replace(first_scenario, goal="Another goal."), *scenarios),
    )


async def test_seeding_again_changes_nothing(seeded, data):
    assert await seed(seeded, data) == SeedReport(inserted=0, updated=0, unchanged=size(data))


async def test_what_is_missing_is_inserted(seeded, data):
    async with seeded.transaction() as connection:
        await connection.execute(delete(scenario).where(scenario.c.id == data.scenarios[0].id))
        await connection.execute(delete(language).where(language.c.id == "japanese"))
        await connection.commit()
    assert await seed(seeded, data) == SeedReport(inserted=2, updated=0, unchanged=size(data) - 2)


async def test_what_has_changed_is_updated_and_a_changed_role_has_a_new_version(seeded, data):
    before = await SqlCatalog(seeded).role(data.roles[0].id, None)
    assert await seed(seeded, changed(data)) == SeedReport(inserted=0, updated=2, unchanged=size(data) - 2)
    after = await SqlCatalog(seeded).role(data.roles[0].id, None)
    assert after == replace(before, duties="Other duties.", version=before.version + 1)


async def test_another_order_is_a_change(seeded, data):
    turned = replace(data, languages=data.languages[::-1])
    assert (await seed(seeded, turned)).updated == len(data.languages)
    assert await SqlCatalog(seeded).languages() == turned.languages


async def test_what_left_the_files_stays(seeded, data):
    fewer = replace(data, languages=data.languages[:-1], scenarios=())
    assert await seed(seeded, fewer) == SeedReport(inserted=0, updated=0, unchanged=size(fewer))
    assert await SqlCatalog(seeded).languages() == data.languages


async def test_what_learners_made_is_not_touched(seeded, data):
    learner = await add_account(seeded)
    own = Role(str(uuid4()), "real_estate", "Kite Teacher", "Flies kites.", ("Kiter",), RoleLevel.MANAGER, learner)
    async with seeded.transaction() as connection:
        await connection.execute(role.insert(), {**_row(own), "position": 0})
        await connection.commit()
    await seed(seeded, changed(data))
    assert await SqlCatalog(seeded).role(own.id, learner) == own


def _row(own: Role) -> dict[str, object]:
    return {name: getattr(own, name) for name in role.c.keys() if name != "position"}  # noqa: SIM118 - columns are no dictionary


async def test_a_seed_that_fails_leaves_nothing_behind(seeded, data):
    broken = replace(data.scenarios[0], role_id="no_such_role")
    languages = tuple(replace(one, display_name="?") for one in data.languages)
    with pytest.raises(Exception, match="fk_scenario_role_id"):
        await seed(seeded, replace(data, languages=languages, scenarios=(broken,)))
    assert await SqlCatalog(seeded).languages() == data.languages


async def test_several_processes_may_seed_at_once(seeded, data):
    async with seeded.transaction() as connection:
        await connection.execute(delete(scenario).where(scenario.c.owner_id.is_(None)))
        await connection.commit()
    reports = await asyncio.gather(*(seed(seeded, data) for _ in range(3)))
    assert sum(report.inserted for report in reports) == len(data.scenarios)
    assert sum(report.updated for report in reports) == 0
    async with seeded.reading() as connection:
        found = (await connection.execute(select(scenario.c.id).where(scenario.c.owner_id.is_(None)))).scalars().all()
    assert set(found) == {one.id for one in data.scenarios}


async def test_a_running_process_sees_a_change_once_its_copy_is_too_old(seeded, data):
    now = 0.0
    catalog = SqlCatalog(seeded, monotonic=lambda: now)
    before = await catalog.role(data.roles[0].id, None)
    await seed(seeded, changed(data))
    now = SNAPSHOT_SECONDS - 0.001
    assert await catalog.role(data.roles[0].id, None) == before
    now = SNAPSHOT_SECONDS
    assert (await catalog.role(data.roles[0].id, None)).duties == "Other duties."
