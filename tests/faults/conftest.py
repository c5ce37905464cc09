"""The rig itself under test: one pair of engines for all of its tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.rig.engines import OwnEngines
from tests.faults.rig.plan import Size
from tests.faults.rig.stage import Stage, stage


@pytest.fixture(scope="session")
async def own_engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnEngines]:
    engines = await OwnEngines.start(tmp_path_factory.mktemp("own"))
    yield engines
    await engines.stop()


@pytest.fixture
async def set_stage(own_engines: OwnEngines) -> AsyncIterator[Stage]:
    async with stage(own_engines, Size.SMOKE, "a test") as set_:
        yield set_
        print(set_.story())


@pytest.fixture
def unix_path(tmp_path: Path) -> Path:
    return tmp_path / "echo.sock"
