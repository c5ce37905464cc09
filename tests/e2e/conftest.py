"""The product as a user and an operator meet it: the `fluentpro` command in processes of its own."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from e2e.command import Command, environment
from e2e.learner import Learner

Start = Callable[..., Command]


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let what is started here be stopped by Ctrl-C, also where this run was sent to the background by a script."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def start(tmp_path: Path, data_dir: Path) -> AsyncIterator[Start]:
    """Start the command: `start("dev", model="scripted")`. What a failing test started shows all it wrote."""
    started: list[Command] = []

    def start(*words: str, environ: dict[str, str] | None = None, **settings: object) -> Command:
        folder = tmp_path / f"run{len(started)}"
        folder.mkdir()
        given = environment(Path(str(settings.pop("data_dir", data_dir))), settings) | (environ or {})
        command = Command(words, folder, given)
        started.append(command)
        return command

    yield start
    for command in reversed(started):
        await command.stop()
        print(command.story())


@pytest.fixture(scope="session")
async def _shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Command]:
    folder = tmp_path_factory.mktemp("shared")
    command = Command(["dev"], folder, environment(folder / "data", {"scripted_word_seconds": 0.01}))
    try:
        yield await command.ready()
    except AssertionError:
        print(command.story())
        raise
    finally:
        await command.stop()


@pytest.fixture
def dev(_shared: Command) -> Iterator[Command]:
    """One `fluentpro dev` for all tests that do no harm."""
    before = len(_shared.err)
    yield _shared
    print(_shared.err[before:])


@pytest.fixture
async def sign_up() -> AsyncIterator[Callable[[Command], Awaitable[Learner]]]:
    """Sign somebody up: `await sign_up(command)`; or, with the address of somebody there is, log in."""
    async with AsyncExitStack() as stack:

        async def sign_up(command: Command, email: str = "") -> Learner:
            client = httpx.AsyncClient(base_url=f"http://{command.http}/api/v2", timeout=20)
            learner = Learner(await stack.enter_async_context(client), email or f"{uuid4().hex}@example.com")
            await (learner.log_in() if email else learner.sign_up())
            return learner

        yield sign_up
