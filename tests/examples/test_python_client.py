"""The wheel `fluentpro-contract` and the Python client that needs nothing else of ours, against the served product."""

import asyncio
import filecmp
import importlib.metadata
import os
import re
import subprocess
import sys
import venv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from e2e.command import ROOT, Command, environment, until
from e2e.learner import GREETING, Learner, text_of
from examples.wire import wire_to
from packaging.requirements import Requirement

from fluentpro.v2 import conversation_service_pb2_grpc

CLIENT = ROOT / "examples/python"
SCENARIO = "early_check_in"

Start = Callable[..., Awaitable[Command]]

_CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "FLUENTPRO_", "PYTHON"))
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as `make stubs` does, into a folder of this run's."""
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(build, cwd=ROOT / "proto/python", check=True, capture_output=True)
    (wheel,) = dist.iterdir()
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own with the wheel; what the wheel asks for is lent by this one, without our own code."""
    folder = tmp_path_factory.mktemp("client")
    venv.create(folder, symlinks=True)
    python = folder / "bin/python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, env=_CLEAN)
    (packages,) = folder.glob("lib/python*/site-packages")
    lent = Path(str(importlib.metadata.distribution("grpcio").locate_file("")))
    (packages / "lent.pth").write_text(f"{lent}\n")  # a .pth names a folder; the .pth files in it are not read
    return python


@pytest.fixture(scope="module")
async def start(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Start]:
    """Start `fluentpro dev` and wait until it serves; `again=` names the one whose data and ports it takes over."""
    async with AsyncExitStack() as stack:

        async def start(again: Command | None = None, **settings: object) -> Command:
            folder = tmp_path_factory.mktemp("dev")
            ports = {"grpc_listen": again.grpc, "http_listen": again.http} if again else {}
            given = {"scripted_word_seconds": 0.05, **ports, **settings}
            command = Command(["dev"], folder, environment(again.data_dir if again else folder / "data", given))
            stack.push_async_callback(command.stop)
            return await command.ready()

        yield start


@pytest.fixture(scope="module")
async def dev(start: Start) -> Command:
    return await start()


@pytest.fixture(scope="module")
async def whole_talk(dev: Command) -> str:
    """What the client shows of an unbroken talk, as another client of another door read it."""
    async with httpx.AsyncClient(base_url=f"http://{dev.http}/api/v2", timeout=20) as client:
        learner = Learner(client, "reader@example.com")
        await learner.sign_up()
        conversation = await learner.converse()
        reply = text_of([event async for event in learner.say(conversation)])
        opening = (await learner.turns(conversation))[0]["text"]
    assert len(reply.split()) > 10
    return f"Partner: {opening}\nYou: {GREETING}\nPartner: {reply}\n"


class Talk:
    """One run of the client."""

    def __init__(self, process: asyncio.subprocess.Process, out: Path, err: Path) -> None:
        self._process, self._out, self._err = process, out, err

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    async def replies(self) -> None:
        """Return once the first words of the reply stand there."""
        await until(lambda: re.search(r"You: .*\nPartner: \w+", self.out))

    async def ended(self, seconds: float = 20) -> int:
        async with asyncio.timeout(seconds):
            return await self._process.wait()


@pytest.fixture
async def talk(python: Path, tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Talk]]]:
    """Run the client: `await talk(address)`."""
    started: list[asyncio.subprocess.Process] = []

    async def talk(address: str, scenario: str = SCENARIO) -> Talk:
        out, err = tmp_path / "out", tmp_path / "err"
        words = ["-m", "talk", address, "--scenario", scenario, "--say", GREETING]
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = await asyncio.create_subprocess_exec(
                python, *words, cwd=CLIENT, env=_CLEAN, stdout=to_out, stderr=to_err
            )
        started.append(process)
        return Talk(process, out, err)

    yield talk
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _members(wheel: Path) -> Iterator[str]:
    with ZipFile(wheel) as archive:
        yield from archive.namelist()


def test_the_wheel_holds_the_contract_and_nothing_else(wheel: Path):
    version = importlib.metadata.version("fluentpro")
    assert wheel.name == f"fluentpro_contract-{version}-py3-none-any.whl"
    assert {name.split("/")[0] for name in _members(wheel)} == {"fluentpro", f"fluentpro_contract-{version}.dist-info"}
    assert {Path(name).suffix for name in _members(wheel) if name.startswith("fluentpro/")} == {
        ".py", ".pyi", ".typed", ".binpb", ".proto",
    }  # fmt: skip


def test_its_files_are_those_of_the_repository_byte_for_byte(wheel: Path, tmp_path: Path):
    ZipFile(wheel).extractall(tmp_path)
    for source in (ROOT / "generated/fluentpro", ROOT / "proto/fluentpro"):
        files = [f"{path.relative_to(source)}" for path in source.rglob("*") if path.suffix not in {".pyc", ""}]
        assert len(files) > 10
        same, different, missing = filecmp.cmpfiles(source, tmp_path / "fluentpro", files, shallow=False)
        assert (len(same), different, missing) == (len(files), [], [])
    assert (ROOT / "proto/python/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_it_asks_for_the_versions_that_generated_it(wheel: Path):
    generated = (ROOT / "generated/fluentpro/v2/reply_pb2.py").read_text()
    protobuf = re.search(r"# Protobuf Python Version: (\S+)", generated)
    assert protobuf
    (metadata,) = [name for name in _members(wheel) if name.endswith("METADATA")]
    asked = re.findall(r"^Requires-Dist: (.+)$", ZipFile(wheel).read(metadata).decode(), re.MULTILINE)
    assert {requirement.name: str(requirement.specifier) for requirement in map(Requirement, asked)} == {
        "googleapis-common-protos": ">=1.66",
        "grpcio": f">={conversation_service_pb2_grpc.GRPC_GENERATED_VERSION}",
        "protobuf": f">={protobuf[1]}",
    }


def test_the_client_finds_the_stubs_in_the_wheel_and_no_server(python: Path):
    code = (
        "import fluentpro.v2.reply_pb2 as stubs, importlib.util as found, talk.__main__;"
        "print(stubs.__file__, *map(found.find_spec, ['server', 'domain', 'adapters', 'gateway', 'workers']))"
    )
    shown = subprocess.run([python, "-c", code], cwd=CLIENT, env=_CLEAN, capture_output=True, text=True, check=True)
    file, *ours = shown.stdout.split()
    assert Path(file).is_relative_to(python.parents[1])
    assert ours == ["None"] * 5


def test_the_example_of_the_wheels_page_works(dev: Command, python: Path, tmp_path: Path):
    (code,) = re.findall(r"```python\n(.+?)```", (ROOT / "proto/python/README.md").read_text(), re.DOTALL)
    (tmp_path / "page.py").write_text(code.replace("127.0.0.1:50051", dev.grpc))
    shown = subprocess.run([python, "page.py"], cwd=tmp_path, env=_CLEAN, capture_output=True, text=True, check=True)
    assert "Hotels & Hospitality" in shown.stdout.splitlines()


async def test_the_client_shows_the_reply(dev: Command, talk, whole_talk: str):
    run = await talk(dev.grpc)
    assert await run.ended() == 0, run.err
    assert run.out == whole_talk
    assert run.err == ""


async def test_after_a_break_of_the_connection_it_reads_on_and_nothing_comes_twice(dev: Command, talk, whole_talk: str):
    async with wire_to(dev.grpc) as (wire, address):
        run = await talk(address)
        await run.replies()
        wire.cut()
        assert await run.ended() == 0, run.err
    assert run.out == whole_talk
    assert run.err == "The stream broke (UNAVAILABLE); reading on.\n"


async def test_when_the_server_restarts_in_the_middle_of_a_reply_it_reads_how_that_ended_and_says_it_again(
    start, talk, whole_talk: str
):
    first = await start(scripted_word_seconds=1)  # so the reply takes longer than a stopping server waits for it
    run = await talk(first.grpc)
    await run.replies()
    first.interrupt()
    assert await first.ended() == 0
    await start(again=first)
    assert await run.ended(40) == 0, run.err
    opening, you, broken, again = run.out.splitlines(keepends=True)
    kept, _, why = broken.rpartition(" (")
    assert whole_talk.startswith(f"{opening}{you}{kept}")
    assert why.endswith(")\n")
    assert re.fullmatch(r"Partner: [^()]+[.?!]\n", again)
    assert run.err.startswith("The stream broke (UNAVAILABLE); reading on.\n")


async def test_a_refusal_is_told_with_its_reason(dev: Command, talk):
    run = await talk(dev.grpc, scenario="no_such_scenario")
    assert await run.ended() == 1
    assert run.err.startswith("SCENARIO_NOT_FOUND: ")
    assert len(run.err.splitlines()) == 1


async def test_where_nobody_listens_it_says_so(talk):
    run = await talk("127.0.0.1:1")
    assert await run.ended() == 1
    assert run.err.startswith("UNAVAILABLE: ")
