"""What the catalogue needs from outside."""

from typing import Protocol
from uuid import UUID

from domain.catalog.matching import RoleMatch
from domain.catalog.model import CommunicationPartner, Industry, Language, Role, Situation


class Catalog(Protocol):
    """Reads the catalogue. Every list is complete and comes in its display order."""

    async def languages(self) -> tuple[Language, ...]:
        """Give all languages, those not available yet included."""
        ...

    async def industries(self) -> tuple[Industry, ...]:
        """Give all industries."""
        ...

    async def roles(self, industry_id: str | None, owner_id: UUID | None) -> tuple[Role, ...]:
        """Give the shipped roles and the owner's own ones, of one industry or (None) of all."""
        ...

    async def role(self, role_id: str, owner_id: UUID | None) -> Role | None:
        """Give one role; None when there is none, or when it is another learner's."""
        ...

    async def partners(self) -> tuple[CommunicationPartner, ...]:
        """Give all communication partners."""
        ...

    async def situations(self) -> tuple[Situation, ...]:
        """Give all situations."""
        ...


class RoleMatcher(Protocol):
    """Finds the roles that fit what a learner says about their job."""

    async def match(
        self, title: str, description: str, industry_id: str, owner_id: UUID | None
    ) -> tuple[RoleMatch, ...]:
        """Give at most five roles of the industry, the best first; none when nothing fits."""
        ...
