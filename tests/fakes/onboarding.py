"""Onboardings in memory, in transactions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from domain.catalog.model import Role
from domain.identity.errors import UserNotFound
from domain.onboarding.model import Onboarding
from domain.shared.errors import ConcurrentUpdate
from domain.shared.events import Event


@dataclass
class FakeOnboardingStore:
    """What is committed. Makes units of work and reads; `own_roles` is what a FakeCatalog shows as custom roles."""

    accounts: set[UUID] = field(default_factory=set)
    onboardings: dict[UUID, Onboarding] = field(default_factory=dict)
    own_roles: list[Role] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def new_account(self) -> UUID:
        self.accounts.add(user_id := uuid4())
        return user_id

    def work(self) -> "FakeOnboardingWork":
        return FakeOnboardingWork(self)

    @asynccontextmanager
    async def reads(self) -> AsyncIterator["FakeOnboardingWork"]:
        yield FakeOnboardingWork(self)


class FakeOnboardings:
    """Implements `Onboardings`."""

    def __init__(self, rows: dict[UUID, Onboarding], accounts: set[UUID]) -> None:
        self._rows = rows
        self._accounts = accounts

    async def get(self, user_id: UUID) -> Onboarding:
        return self._rows.get(user_id, Onboarding(user_id))

    async def lock(self, user_id: UUID) -> Onboarding:
        if user_id not in self._accounts:
            raise UserNotFound(user_id)
        return self._rows.setdefault(user_id, Onboarding(user_id))

    async def save(self, onboarding: Onboarding) -> Onboarding:
        if self._rows[onboarding.user_id].version != onboarding.version:
            raise ConcurrentUpdate("The onboarding")
        self._rows[onboarding.user_id] = saved = replace(onboarding, version=onboarding.version + 1)
        return saved


class FakeCustomRoles:
    """Implements `CustomRoles`."""

    def __init__(self, roles: list[Role]) -> None:
        self._roles = roles

    async def add(self, role: Role) -> None:
        self._roles.append(role)


class FakeOnboardingWork:
    """Implements `OnboardingWork`: works on copies, which `commit` puts in place."""

    def __init__(self, store: FakeOnboardingStore) -> None:
        self._store = store
        self._rows = dict(store.onboardings)
        self._roles = list(store.own_roles)
        self._events: list[Event] = []

    @property
    def onboardings(self) -> FakeOnboardings:
        return FakeOnboardings(self._rows, self._store.accounts)

    @property
    def custom_roles(self) -> FakeCustomRoles:
        return FakeCustomRoles(self._roles)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def record(self, *events: Event) -> None:
        self._events.extend(events)

    async def commit(self, result: object = None) -> None:
        self._store.onboardings.update(self._rows)
        self._store.own_roles[:] = self._roles
        self._store.events.extend(self._events)
