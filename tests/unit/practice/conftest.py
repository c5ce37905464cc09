"""Role-plays over fakes."""

from functools import cache
from uuid import uuid4

import pytest
from fakes.catalog import FakeScenarios
from fakes.identity import SettableClock
from fakes.log import FakeDoorbell, FakeGenerationLog
from fakes.practice import FakePracticeStore
from fakes.role_plays import RolePlays

from adapters.seed.files import read_catalog
from domain.practice.scenario import Scenario


@cache
def _shipped() -> tuple[Scenario, ...]:
    return read_catalog().scenarios


@pytest.fixture
def scenario() -> Scenario:
    return _shipped()[0]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def app(scenario, clock):
    doorbell = FakeDoorbell()
    store = FakePracticeStore(FakeScenarios([scenario]))
    app = RolePlays(store, FakeGenerationLog(), doorbell, clock, scenario.id, uuid4())
    doorbell.listen(app.runner.cancel)
    yield app
    await app.runner.stop(grace=0)
