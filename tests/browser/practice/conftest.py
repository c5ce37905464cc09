"""The practice page, served with a partner who does what a test says, behind a network that a test can break."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from api.stage import StageModel
from browser.conftest import ANY_PORT, DESKTOP, Open
from browser.learner import Learner
from browser.practice.practitioner import Practitioner
from browser.practice.product import ServedProduct
from faults.rig.proxy import Proxy, proxied

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.settings import Profile, Settings
from adapters.telemetry.logs import AccessLog
from adapters.wiring import open_application
from server.hosting import Host, HostOptions
from server.service import build_service

Visit = Callable[..., Awaitable[Practitioner]]


@pytest.fixture(scope="session")
async def practice(database_url: str, redis_url: str, tmp_path_factory) -> AsyncIterator[ServedProduct]:
    settings = Settings(profile=Profile.TESTING, data_dir=tmp_path_factory.mktemp("practice"))
    model = StageModel()
    async with open_application(settings, database_url, redis_url, model=model) as application:
        await seed(application.connections, read_catalog())
        host = Host(build_service(application, settings, AccessLog(io.StringIO())), HostOptions(ANY_PORT, ANY_PORT))
        await host.start()
        assert host.http_listen is not None
        yield ServedProduct(settings, application, model, host.http_listen.port)
        await host.stop(0)


@pytest.fixture
def model(practice: ServedProduct) -> StageModel:
    return practice.model


@pytest.fixture
async def network(practice: ServedProduct) -> AsyncIterator[Proxy]:
    """What lies between the browser and the server."""
    async with proxied(("127.0.0.1", practice.port)) as network:
        yield network


@pytest.fixture
async def newcomer(practice: ServedProduct) -> Learner:
    """Somebody who has just signed up, elsewhere."""
    return await Learner.new(practice.site)


@pytest.fixture
def visit(open_page: Open, network: Proxy) -> Visit:
    """Open the page in a browser of its own: `await visit(newcomer, size=PHONE)`; without a learner, at its door."""

    async def visit(learner: Learner | None = None, **options: Any) -> Practitioner:
        size = options.pop("size", DESKTOP)
        practitioner = Practitioner(await open_page(f"http://127.0.0.1:{network.port}/", size, **options))
        if learner is not None:
            await practitioner.log_in(learner.email)
        return practitioner

    return visit
