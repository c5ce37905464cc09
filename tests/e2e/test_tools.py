"""The commands that do one thing and end."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from resource import RUSAGE_CHILDREN, getrusage
from uuid import uuid4

import pytest
from e2e.command import Command, keepers_and_engines
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.engines.folder import DataFolder

_WITHOUT_COVERAGE = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


async def done(command: Command) -> str:
    """Return what it printed, once it ended well."""
    assert await command.ended() == 0, command.story()
    assert "Traceback" not in command.err
    return command.out


@pytest.fixture
async def empty_database(dev: Command):
    """The URLs of a database of this test's own, on the engines of a running `dev`."""
    urls, name = DataFolder.at(dev.data_dir).urls, f"test_{uuid4().hex}"
    server = create_async_engine(urls.database_url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        yield {"database_url": urls.database_url.replace("/fluentpro?", f"/{name}?"), "redis_url": urls.redis_url}
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await server.dispose()


async def test_migrate_and_seed_bring_engines_of_their_own_and_take_them_away(start):
    unmigrated = start("seed")
    assert await unmigrated.ended() == 78
    assert "the database is empty, and revision " in unmigrated.err
    assert "run `fluentpro migrate`" in unmigrated.err
    migrate = start("migrate")
    assert (await done(migrate)).startswith("the database is at revision ")
    assert keepers_and_engines(migrate.data_dir) == {}
    first, second = await done(start("seed")), await done(start("seed"))
    assert first.endswith(" inserted, 0 updated, 0 unchanged\n")
    assert int(first.split()[0]) > 0
    assert second == f"0 inserted, 0 updated, {first.split()[0]} unchanged\n"
    assert keepers_and_engines(migrate.data_dir) == {}


@pytest.mark.parametrize(("command", "says"), [("migrate", "at revision"), ("seed", "0 inserted, 0 updated")])
async def test_beside_a_running_dev_they_use_its_engines_and_leave_them(start, dev: Command, command: str, says: str):
    engines = keepers_and_engines(dev.data_dir)
    tool = start(command, data_dir=dev.data_dir)
    assert says in await done(tool)
    assert tool.err == ""
    assert keepers_and_engines(dev.data_dir) == engines
    await dev.ready()


async def test_named_engines_are_used(start, empty_database):
    assert "at revision" in await done(start("migrate", **empty_database))
    assert "0 updated, 0 unchanged" in await done(start("seed", **empty_database))


async def test_a_database_of_a_newer_version_is_refused(start, empty_database):
    await done(start("migrate", **empty_database))
    engine = create_async_engine(empty_database["database_url"])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    older = start("migrate", **empty_database)
    assert await older.ended() == 78
    (line,) = older.err.splitlines()
    assert "9999" in line
    assert "newer version" in line


async def test_routes_are_listed_for_people_and_for_machines(start, data_dir):
    listing, document = start("routes"), start("routes", "--json")
    lines = (await done(listing)).splitlines()
    said = json.loads(await done(document))
    assert len(lines) == len(said["routes"])
    assert any(line.startswith("POST   /api/v2/auth/signup ") for line in lines)
    assert ("POST", "/api/v2/auth/signup") in {(route["method"], route["path"]) for route in said["routes"]}
    assert said["methods"]["fluentpro.v2.AuthService.SignUp"]["policy"]["access"] == ["ACCESS_PUBLIC"]
    assert said["messages"]["fluentpro.v2.SignUpRequest"]["password"] == {"behaviour": ["REQUIRED"], "redacted": True}
    assert said["api_versions"]["fluentpro.v2"]["base_path"] == "/api/v2"
    assert not data_dir.exists(), "no engine is touched"


async def test_the_version_is_printed(start):
    assert await done(start("version")) == f"{version('fluentpro')}\n"


def test_help_names_every_command_and_is_quick():
    """Quick is less than 0.2 s; what counts here is the time it computes, which a busy machine does not change."""
    helped = [_help() for _ in range(3)]
    assert min(seconds for seconds, _ in helped) < 0.2
    for command in ("dev", "server", "migrate", "seed", "routes", "version"):
        assert f"  {command} " in helped[0][1]


def _help() -> tuple[float, str]:
    before = getrusage(RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "server.cli", "--help"]
    told = subprocess.run(words, capture_output=True, text=True, check=True, env=_WITHOUT_COVERAGE).stdout
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, told
