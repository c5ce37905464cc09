"""Role-plays over Postgres and Valkey."""

import pytest
from fakes.accounts import add_account
from fakes.identity import SettableClock
from fakes.role_plays import RolePlays, SqlStore

from adapters.live.doorbell import RedisDoorbell
from adapters.live.redis_log import RedisGenerationLog
from adapters.live.surviving_log import SurvivingLog
from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from domain.shared.clock import system_clock


@pytest.fixture(scope="session")
async def scenario_id(connections) -> str:
    catalog = read_catalog()
    await seed(connections, catalog)
    return catalog.scenarios[0].id


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(system_clock())


@pytest.fixture
async def process(connections, redis_url, scenario_id, clock):
    """Make the role-plays of one process, for one learner; the second call is another process of the same learner."""
    user_id = await add_account(connections)
    opened = []

    async def make(url: str = redis_url) -> RolePlays:
        log, doorbell = SurvivingLog(RedisGenerationLog(url, silence=0.1)), RedisDoorbell(url)
        await log.start()
        app = RolePlays(SqlStore(connections), log, doorbell, clock, scenario_id, user_id)
        doorbell.listen(app.runner.cancel)
        opened.append((app, log, doorbell))
        return app

    yield make
    for app, log, doorbell in opened:
        await app.runner.stop(grace=0)
        await doorbell.close()
        await log.close()


@pytest.fixture
async def app(process) -> RolePlays:
    return await process()
