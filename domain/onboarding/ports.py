"""What onboarding needs from outside, beside the catalogue."""

from typing import Protocol
from uuid import UUID

from domain.catalog.model import Role
from domain.onboarding.model import Onboarding
from domain.shared.unit_of_work import UnitOfWork


class Onboardings(Protocol):
    """Keeps one onboarding a learner."""

    async def get(self, user_id: UUID) -> Onboarding:
        """Return the learner's onboarding; an empty one of version 0 when nothing was ever answered."""
        ...

    async def lock(self, user_id: UUID) -> Onboarding:
        """Return it like `get`, and keep every other writer of it waiting until this transaction ends.

        Raises UserNotFound when there is no such account.
        """
        ...

    async def save(self, onboarding: Onboarding) -> Onboarding:
        """Write it and return it with its new version. Raises ConcurrentUpdate when its version is not the present one.

        It must have been locked once, in this transaction or an earlier one.
        """
        ...


class CustomRoles(Protocol):
    """Keeps the roles that learners make."""

    async def add(self, role: Role) -> None:
        """Add a role, which has an owner and a new id."""
        ...


class OnboardingReads(Protocol):
    """What is read here."""

    @property
    def onboardings(self) -> Onboardings:
        """The onboardings."""
        ...


class OnboardingWork(UnitOfWork, Protocol):
    """What is written here."""

    @property
    def onboardings(self) -> Onboardings:
        """The onboardings."""
        ...

    @property
    def custom_roles(self) -> CustomRoles:
        """The learners' own roles."""
        ...
