"""What every keeper of onboardings does: the one in Postgres, and the one that unit tests use."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fakes.accounts import add_account
from fakes.master_keys import MASTER_KEYS
from fakes.onboarding import FakeOnboardingStore

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from domain.identity.errors import UserNotFound
from domain.onboarding.model import Onboarding, PartnerSelection, SituationSelection
from domain.onboarding.steps import Step
from domain.shared.clock import system_clock
from domain.shared.errors import ConcurrentUpdate


@dataclass
class SqlStore:
    """The database, in the form of FakeOnboardingStore."""

    connections: Connections

    def __post_init__(self) -> None:
        self.reads = SqlReads(self.connections)

    async def new_account(self) -> UUID:
        return await add_account(self.connections)

    def work(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.connections, system_clock, MASTER_KEYS)


@pytest.fixture(params=["fake", "sql"])
async def store(request, connections):
    if request.param == "fake":
        return FakeOnboardingStore()
    await seed(connections, read_catalog())
    return SqlStore(connections)


@pytest.fixture
async def learner(store) -> UUID:
    made = store.new_account()
    return made if isinstance(made, UUID) else await made


def answered(learner: UUID) -> Onboarding:
    own = SituationSelection(str(uuid4()), "Ship Launches")
    return Onboarding(
        learner,
        native_language_id="chinese_traditional",
        industry_id="shipping_logistics",
        job_title="船務",
        job_description="I do\nmany things.",
        role_input=True,
        role_id="route_planner",
        selections=(
            PartnerSelection("clients", None, (SituationSelection("meetings"), own)),
            PartnerSelection(str(uuid4()), "Harbour Pilots"),
        ),
        step=Step.COMPLETED,
        completed_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    )


async def write(store, onboarding: Onboarding) -> Onboarding:
    async with store.work() as work:
        await work.onboardings.lock(onboarding.user_id)
        saved = await work.onboardings.save(onboarding)
        await work.commit()
    return saved


async def read(store, learner: UUID) -> Onboarding:
    async with store.reads() as repositories:
        return await repositories.onboardings.get(learner)


async def test_whoever_answered_nothing_has_an_empty_onboarding(store, learner):
    assert await read(store, learner) == Onboarding(learner)
    assert await read(store, stranger := uuid4()) == Onboarding(stranger)


async def test_what_is_saved_is_read_again(store, learner):
    onboarding = answered(learner)
    saved = await write(store, onboarding)
    assert saved == replace(onboarding, version=1)
    assert await read(store, learner) == saved


async def test_each_save_counts(store, learner):
    saved = await write(store, answered(learner))
    again = await write(store, saved.reset())
    assert again == await read(store, learner) == Onboarding(learner, version=2)


async def test_what_is_not_committed_did_not_happen(store, learner):
    async with store.work() as work:
        await work.onboardings.save(replace(await work.onboardings.lock(learner), job_title="Cook"))
    assert await read(store, learner) == Onboarding(learner)


async def test_a_lock_shows_what_is_stored(store, learner):
    saved = await write(store, answered(learner))
    async with store.work() as work:
        assert await work.onboardings.lock(learner) == saved


async def test_saving_what_was_read_before_another_write_is_refused(store, learner):
    old = await write(store, answered(learner))
    await write(store, old)
    with pytest.raises(ConcurrentUpdate):
        await write(store, old)


async def test_an_account_that_does_not_exist_has_nothing_to_lock(store):
    with pytest.raises(UserNotFound):
        async with store.work() as work:
            await work.onboardings.lock(uuid4())
