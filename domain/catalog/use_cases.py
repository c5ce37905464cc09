"""Matching a job to the roles of an industry, by the words alone."""

from uuid import UUID

from domain.catalog.matching import RoleMatch, match_roles
from domain.catalog.ports import Catalog


class WordRoleMatcher:
    """A `RoleMatcher` that compares words: titles, aliases and duties, with no model behind it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def match(
        self, title: str, description: str, industry_id: str, owner_id: UUID | None
    ) -> tuple[RoleMatch, ...]:
        """Give at most five roles of the industry and of its owner, the best first."""
        roles = await self._catalog.roles(industry_id, owner_id)
        return match_roles(title, description, roles)
