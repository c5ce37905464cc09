"""Listing the catalogue a page at a time."""

import pytest
from fakes.catalog import FakeCatalog

from adapters.seed.files import CatalogData, read_catalog
from domain.catalog.browse import (
    ListCommunicationPartners,
    ListIndustries,
    ListLanguages,
    ListRoles,
    ListSituations,
)
from domain.shared.errors import InvalidRequest
from domain.shared.pages import PageRequest


@pytest.fixture(scope="module")
def data() -> CatalogData:
    return read_catalog()


@pytest.fixture
def catalog(data) -> FakeCatalog:
    return FakeCatalog(data)


@pytest.mark.parametrize(
    ("list_all", "name"),
    [
        (ListLanguages, "languages"),
        (ListIndustries, "industries"),
        (ListCommunicationPartners, "partners"),
        (ListSituations, "situations"),
    ],
)
async def test_a_list_is_whole_and_in_the_catalogues_order(catalog, data, list_all, name):
    page = await list_all(catalog)(PageRequest(size=100))
    assert page.items == getattr(data, name)
    assert page.next_after is None


@pytest.mark.parametrize("size", [1, 4, 7, 15])
async def test_pages_follow_each_other_without_a_gap(catalog, data, size):
    found, after = [], None
    while True:
        page = await ListSituations(catalog)(PageRequest(size, after))
        found += page.items
        after = page.next_after
        if after is None:
            break
    assert tuple(found) == data.situations


async def test_a_position_that_is_none_is_refused(catalog):
    with pytest.raises(InvalidRequest) as caught:
        await ListSituations(catalog)(PageRequest(5, "nowhere"))
    assert [one.field for one in caught.value.violations] == ["page_token"]


async def test_roles_come_by_industry_and_title(catalog, data):
    page = await ListRoles(catalog)("", PageRequest(size=100))
    order = [industry.id for industry in data.industries]
    keys = [(order.index(role.industry_id), role.title) for role in page.items]
    assert keys == sorted(keys)
    assert len(keys) == len(data.roles)


async def test_roles_of_one_industry(catalog):
    page = await ListRoles(catalog)("real_estate", PageRequest(size=100))
    assert {role.industry_id for role in page.items} == {"real_estate"}


async def test_an_industry_that_is_none_is_refused_by_name(catalog):
    with pytest.raises(InvalidRequest) as caught:
        await ListRoles(catalog)("mining", PageRequest())
    (violation,) = caught.value.violations
    assert (violation.field, violation.reason) == ("industry_id", "UNKNOWN_VALUE")
    assert "banking_finance, shipping_logistics, real_estate, hotels_hospitality." in violation.message
