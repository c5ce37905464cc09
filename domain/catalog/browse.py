"""Listing the catalogue, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from domain.catalog.choices import one_of
from domain.catalog.model import CommunicationPartner, Industry, Language, Role, Situation
from domain.catalog.ports import Catalog
from domain.shared.checks import Checks
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.pages import Page, PageRequest


class Identified(Protocol):
    """Anything with an id that is unique in its list."""

    @property
    def id(self) -> str:
        """The id."""
        ...


Item = TypeVar("Item", bound=Identified)


def page_of(items: Sequence[Item], request: PageRequest) -> Page[Item]:
    """Return one page of a whole list; `request.after` is an item's id. Raises InvalidRequest where it is none."""
    ids = [item.id for item in items]
    if request.after is not None and request.after not in ids:
        raise InvalidRequest((Violation("page_token", "INVALID_FORMAT", "page_token is not one of this list."),))
    start = 0 if request.after is None else ids.index(request.after) + 1
    page = tuple(items[start : start + request.size])
    more = start + len(page) < len(items)
    return Page(page, page[-1].id if more else None)


@dataclass(frozen=True, slots=True)
class ListLanguages:
    """List the native languages, those not available yet included."""

    catalog: Catalog

    async def __call__(self, request: PageRequest) -> Page[Language]:
        """Return a page, in the catalogue's order."""
        return page_of(await self.catalog.languages(), request)


@dataclass(frozen=True, slots=True)
class ListIndustries:
    """List the industries."""

    catalog: Catalog

    async def __call__(self, request: PageRequest) -> Page[Industry]:
        """Return a page, in the catalogue's order."""
        return page_of(await self.catalog.industries(), request)


@dataclass(frozen=True, slots=True)
class ListRoles:
    """List the roles that are everybody's."""

    catalog: Catalog

    async def __call__(self, industry_id: str, request: PageRequest) -> Page[Role]:
        """Return a page of one industry's roles or ("") of all: by industry in the catalogue's order, then by title.

        Raises InvalidRequest for an industry that is none.
        """
        industries = [industry.id for industry in await self.catalog.industries()]
        if industry_id:
            with Checks() as check:
                check("industry_id", one_of(industries), industry_id)
        roles = await self.catalog.roles(industry_id or None, owner_id=None)
        place = {key: place for place, key in enumerate(industries)}
        return page_of(sorted(roles, key=lambda role: (place.get(role.industry_id, len(place)), role.title)), request)


@dataclass(frozen=True, slots=True)
class ListCommunicationPartners:
    """List the communication partners."""

    catalog: Catalog

    async def __call__(self, request: PageRequest) -> Page[CommunicationPartner]:
        """Return a page, in the catalogue's order."""
        return page_of(await self.catalog.partners(), request)


@dataclass(frozen=True, slots=True)
class ListSituations:
    """List the situations."""

    catalog: Catalog

    async def __call__(self, request: PageRequest) -> Page[Situation]:
        """Return a page, in the catalogue's order."""
        return page_of(await self.catalog.situations(), request)
