"""The whole product in this process, behind both doors, on real Postgres and Valkey."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
import httpx
import pytest
from api.contract import RPCS
from api.doors import GrpcDoor, HttpDoor
from api.learner import Learner, Staff, example
from api.staff import make_admin, plant_dead_letter
from api.stage import StageModel
from google.protobuf.message import Message
from sqlalchemy import func, select

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.settings import Listen, Profile, Settings
from adapters.sql.tables import metadata
from adapters.telemetry.logs import AccessLog
from adapters.wiring import Application, open_application
from server.hosting import Host, HostOptions
from server.service import build_service

ANY_PORT = Listen("127.0.0.1", 0)


@dataclass
class Product:
    """What runs, and what it has written."""

    settings: Settings
    application: Application
    model: StageModel
    grpc: GrpcDoor
    http: HttpDoor
    access_log: AccessLog
    access_lines: io.StringIO

    async def rows(self) -> dict[str, int]:
        """Count the rows of every table."""
        async with self.application.connections.reading() as connection:
            return {
                table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in metadata.sorted_tables
            }


@pytest.fixture(scope="session")
async def product(database_url: str, redis_url: str, tmp_path_factory) -> AsyncIterator[Product]:
    settings = Settings(profile=Profile.TESTING, data_dir=tmp_path_factory.mktemp("product"))
    model, lines = StageModel(), io.StringIO()
    access_log = AccessLog(lines)
    async with open_application(settings, database_url, redis_url, model=model) as application:
        await seed(application.connections, read_catalog())
        host = Host(build_service(application, settings, access_log), HostOptions(ANY_PORT, ANY_PORT))
        await host.start()
        async with (
            grpc.aio.insecure_channel(str(host.grpc_listen)) as channel,
            httpx.AsyncClient(base_url=f"http://{host.http_listen}", timeout=20) as client,
        ):
            product = Product(settings, application, model, GrpcDoor(channel), HttpDoor(client), access_log, lines)
            admin = await Learner.new(product.grpc)
            await make_admin(application.connections, admin)
            Learner.staff = Staff(admin.token, partial(plant_dead_letter, application.connections))
            yield product
        await host.stop(0)


@pytest.fixture
def model(product: Product) -> StageModel:
    return product.model


@pytest.fixture
def http(product: Product) -> HttpDoor:
    return product.http


@pytest.fixture(params=["grpc", "http"])
def door(request: pytest.FixtureRequest, product: Product) -> GrpcDoor | HttpDoor:
    return getattr(product, request.param)


@pytest.fixture(scope="session")
async def owner(product: Product) -> Learner:
    return await Learner.new(product.grpc)


@pytest.fixture(scope="session")
async def other(product: Product) -> Learner:
    """Another learner than the owner."""
    return await Learner.new(product.grpc)


@pytest.fixture
async def learner(product: Product) -> Learner:
    """Somebody who has just signed up."""
    return await Learner.new(product.grpc)


@pytest.fixture(scope="session")
async def requests(owner: Learner) -> dict[str, Message]:
    """A good request of the owner for every RPC; one that can be made once is spent by the first test that makes it."""
    return {name: await example(name, owner) for name in RPCS}


@pytest.fixture
async def conversation(owner: Learner) -> Any:
    return await owner.converse()


@pytest.fixture
async def nothing_written(product: Product):
    """Fail the test at its end when any table has other rows than at its beginning: ask for it after the others."""
    before = await product.rows()
    yield
    assert await product.rows() == before
