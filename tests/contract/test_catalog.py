"""What every Catalog does: the one in Postgres, and the one that unit tests use."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from fakes.accounts import add_account
from fakes.catalog import FakeCatalog

from adapters.seed.files import CatalogData, read_catalog
from adapters.seed.write import seed
from adapters.sql.catalog import SqlCatalog
from domain.catalog.model import Role, RoleLevel
from domain.catalog.ports import Catalog

AddRole = Callable[[Role], Awaitable[None]]


@pytest.fixture(scope="module")
def data() -> CatalogData:
    return read_catalog()


@pytest.fixture
def own_roles() -> list[Role]:
    return []


@pytest.fixture(params=["fake", "sql"])
async def catalog(request, connections, data, own_roles) -> Catalog:
    if request.param == "fake":
        return FakeCatalog(data, own_roles)
    await seed(connections, data)
    return SqlCatalog(connections)


@pytest.fixture
def add_role(connections, sql_work, own_roles) -> AddRole:
    async def add(role: Role) -> None:
        own_roles.append(role)
        async with sql_work() as work:
            await work.custom_roles.add(role)
            await work.commit()

    return add


@pytest.fixture
async def learner(connections) -> UUID:
    return await add_account(connections)


def own_role(owner_id: UUID, title: str, industry_id: str = "real_estate") -> Role:
    return Role(str(uuid4()), industry_id, title, "Flies kites all day.", (), RoleLevel.DIRECTOR, owner_id)


async def test_every_list_is_whole_and_in_its_order(catalog, data):
    assert await catalog.languages() == data.languages
    assert await catalog.industries() == data.industries
    assert await catalog.partners() == data.partners
    assert await catalog.situations() == data.situations
    # How often a role was changed before this test says nothing here.
    assert tuple(replace(role, version=1) for role in await catalog.roles(None, None)) == data.roles


async def test_roles_of_one_industry(catalog, data):
    ids = [role.id for role in await catalog.roles("real_estate", None)]
    assert ids == [role.id for role in data.roles if role.industry_id == "real_estate"]
    assert await catalog.roles("mining", None) == ()


async def test_own_roles_come_last_by_title_and_only_to_their_owner(catalog, add_role, learner, connections):
    second, first = own_role(learner, "Kite Teacher"), own_role(learner, "Apiarist")
    elsewhere = own_role(learner, "Diver", "shipping_logistics")
    for role in (second, first, elsewhere):
        await add_role(role)
    roles = await catalog.roles("real_estate", learner)
    assert roles[-2:] == (first, second)
    assert elsewhere in await catalog.roles(None, learner)
    shipped = await catalog.roles("real_estate", None)
    assert await catalog.roles("real_estate", await add_account(connections)) == shipped == roles[:-2]


async def test_one_role_by_its_id(catalog, add_role, learner, connections):
    own = own_role(learner, "Kite Teacher")
    await add_role(own)
    assert (await catalog.role("concierge", None)).title == "Concierge"
    assert await catalog.role(own.id, learner) == own
    assert await catalog.role(own.id, None) is None
    assert await catalog.role(own.id, await add_account(connections)) is None


@pytest.mark.parametrize(
    "role_id", ["", "astronaut", "a\x00b", "\ud800", "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11", "x" * 100_000]
)
async def test_an_id_that_is_none_leads_to_no_role(catalog, learner, role_id):
    assert await catalog.role(role_id, learner) is None
