"""Logs over the run's Valkey, and a Valkey of a test's own that can be killed, stopped and emptied."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import Redis

from adapters.engines.binaries import valkey_binary
from adapters.engines.valkey import valkey_answers
from adapters.live.redis_log import RedisGenerationLog
from adapters.live.surviving_log import SurvivingLog
from domain.practice.log import GenerationLog
from domain.practice.reply import LogEntry, Position, Reset, Snapshot, TextDelta

MakeLog = Callable[..., Awaitable[RedisGenerationLog]]


async def wait_until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return once `condition` holds; fail when it has not within ten seconds."""
    async with asyncio.timeout(10):
        while not (held if isinstance(held := condition(), bool) else await held):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)


class OwnValkey:
    """A server with an append-only file, on a Unix socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._launch()
        await wait_until(lambda: valkey_answers(self.socket))

    def _launch(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._folder), "--save", ""]
        command = [str(valkey_binary()), *options, "--appendonly", "yes", "--appendfsync", "always"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    async def restart(self) -> None:
        self.kill()
        await self.start()


@pytest.fixture
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnValkey]:
    server = OwnValkey(tmp_path_factory.mktemp("v"))
    await server.start()
    yield server
    server.kill()


@pytest.fixture
async def make_log() -> AsyncIterator[MakeLog]:
    """Start a log over a URL; each stands for one process."""
    async with AsyncExitStack() as stack:

        async def make(url: str, silence: float = 0.05) -> RedisGenerationLog:
            log = RedisGenerationLog(url, silence)
            await log.start()
            stack.push_async_callback(log.close)
            return log

        yield make


@pytest.fixture
async def make_surviving() -> AsyncIterator[Callable[[str], Awaitable[SurvivingLog]]]:
    """Start a log that outlives its server; each stands for one process."""
    async with AsyncExitStack() as stack:

        async def make(url: str) -> SurvivingLog:
            log = SurvivingLog(RedisGenerationLog(url, 0.05))
            await log.start()
            stack.push_async_callback(log.close)
            return log

        yield make


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def own_redis(valkey: OwnValkey) -> AsyncIterator[Redis]:
    client = Redis.from_url(valkey.url)
    yield client
    await client.aclose()


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    return wait_until


@pytest.fixture
def blocked_reads(own_redis: Redis) -> Callable[[int], Awaitable[None]]:
    """Wait until so many clients wait in a blocking read on the own server."""

    async def wait(number: int) -> None:
        async def as_many() -> bool:
            return (await own_redis.info("clients"))["blocked_clients"] == number

        await wait_until(as_many)

    return wait


async def alive() -> bool:
    return True


@pytest.fixture
def read_all() -> Callable[..., Awaitable[list[LogEntry]]]:
    async def read(log: GenerationLog, generation_id: UUID, after: Position | None = None) -> list[LogEntry]:
        async with asyncio.timeout(20):
            return [entry async for entry in log.follow(generation_id, after, alive)]

    return read


@pytest.fixture
def text_of() -> Callable[[list[LogEntry]], str]:
    def text(entries: list[LogEntry]) -> str:
        said = ""
        for entry in entries:
            match entry.event:
                case TextDelta(more):
                    said += more
                case Snapshot(whole):
                    said = whole
                case Reset():
                    said = ""
        return said

    return text


class Producer:
    """Writes words to one generation, as a producer does: first into its own text, then to the log."""

    def __init__(self, log: GenerationLog, generation_id: UUID, attempt: int = 1) -> None:
        self.generation_id = generation_id
        self.text = ""
        self.recoveries = 0
        self.writer = log.writer(generation_id, attempt, self._recover)

    async def say(self, *words: str, flush: bool = True) -> None:
        for word in words:
            self.text += word
            await self.writer.write(TextDelta(word))
        if flush:
            await self.writer.flush()

    async def _recover(self) -> str:
        self.recoveries += 1
        return self.text


@pytest.fixture
def produce() -> type[Producer]:
    return Producer
