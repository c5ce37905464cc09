"""Several processes on the same ports, and the parent that keeps them."""

import asyncio
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub

from adapters.settings import Listen
from server.ports import PortTaken
from server.processes import Children, supervise, with_ports
from server.signals import StopSignals

ROOT = Path(__file__).parents[3]

SERVING = """
import os
import uvloop
from prometheus_client import CollectorRegistry
from adapters.settings import load_settings
from server.chain import Chain, DeadlineCaps
from server.hosting import Host, HostOptions, Service, serve
from server.http_app import HttpApp
from server.readiness import Readiness
from server.signals import StopSignals

async def main():
    settings = load_settings(os.environ)
    chain = Chain([], DeadlineCaps(5, 5))
    service = Service(chain, lambda server: None, lambda up: HttpApp({}, None), Readiness({}), CollectorRegistry())
    signals = StopSignals()
    with signals.installed(), signals.parent_watched(0):
        host = Host(service, HostOptions(settings.grpc_listen, settings.http_listen, is_shared=True))
        print(os.getpid(), file=open(os.environ["PIDS"], "a"))
        await serve(host, signals, 5)

uvloop.run(main())
"""


@pytest.fixture
def signals() -> StopSignals:
    return StopSignals()


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    path = tmp_path / "pids"
    path.touch()
    return path


@pytest.fixture
def environ(pids: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PIDS": str(pids)}


@pytest.fixture
def started(pids: Path, until):
    """Wait until so many children have started, ever; return their process ids."""

    def found() -> list[int]:
        return [int(pid) for pid in pids.read_text().split()]

    async def wait(count: int) -> list[int]:
        await until(lambda: len(found()) >= count)
        return found()

    return wait


@pytest.fixture
def gone(until):
    """Wait until a process has ended."""
    return lambda pid: until(lambda: not Path(f"/proc/{pid}").exists())


async def answers(listen: str) -> None:
    async with grpc.aio.insecure_channel(listen) as channel:
        await HealthStub(channel).Check(HealthCheckRequest(), wait_for_ready=True, timeout=20)


async def test_a_child_that_dies_is_started_anew_and_all_stop_together(
    signals, environ, started, gone, monkeypatch
) -> None:
    monkeypatch.setattr("server.processes._FIRST_DELAY", 0.01)
    with ExitStack() as stack:
        environ = with_ports(stack, environ, Listen("127.0.0.1", 0), Listen("127.0.0.1", 0))
        children = Children(2, [sys.executable, "-c", SERVING], environ)
        supervising = asyncio.create_task(supervise(children, signals))
        first, _ = await started(2)
        await answers(environ["FLUENTPRO_GRPC_LISTEN"])
        os.kill(first, signal.SIGKILL)
        all_of_them = await started(3)
        await answers(environ["FLUENTPRO_GRPC_LISTEN"])
        signals.receive()
        assert await supervising == 0
        for pid in all_of_them:
            await gone(pid)


async def test_children_stop_when_their_parent_is_gone(environ, started, gone) -> None:
    parent = f"""
import asyncio, os, sys
from contextlib import ExitStack
from adapters.settings import Listen
from server.processes import Children, supervise, with_ports
from server.signals import StopSignals

async def main():
    with ExitStack() as stack:
        environ = with_ports(stack, os.environ, Listen("127.0.0.1", 0), Listen("127.0.0.1", 0))
        await supervise(Children(1, [sys.executable, "-c", {SERVING!r}], environ), StopSignals())

asyncio.run(main())
"""
    running = await asyncio.create_subprocess_exec(sys.executable, "-c", parent, env=environ)
    (child,) = await started(1)
    running.kill()
    await running.wait()
    await gone(child)


async def test_a_child_that_refuses_its_settings_ends_everything(signals, environ) -> None:
    children = Children(2, [sys.executable, "-c", "raise SystemExit(78)"], environ)
    assert await supervise(children, signals) == 78


async def test_a_signal_ends_the_wait_for_a_new_child(signals, environ, monkeypatch) -> None:
    monkeypatch.setattr("server.processes._FIRST_DELAY", 1000)
    supervising = asyncio.create_task(
        supervise(Children(1, [sys.executable, "-c", "raise SystemExit(1)"], environ), signals)
    )
    asyncio.get_running_loop().call_later(0.3, signals.receive)
    assert await supervising == 0


async def test_a_second_signal_is_passed_on_too(signals, environ, started) -> None:
    stubborn = """
import os, signal, time
count = []
signal.signal(signal.SIGTERM, lambda *_: count.append(1))
print(os.getpid(), file=open(os.environ["PIDS"], "a"))
while len(count) < 2:
    time.sleep(0.01)
"""
    supervising = asyncio.create_task(supervise(Children(1, [sys.executable, "-c", stubborn], environ), signals))
    await started(1)
    signals.receive()
    asyncio.get_running_loop().call_later(0.2, signals.receive)
    assert await supervising == 0


def test_ports_for_children_are_held_against_strangers() -> None:
    with ExitStack() as stack:
        environ = with_ports(stack, {"A": "1"}, Listen("127.0.0.1", 0), None)
        assert environ.keys() == {"A", "FLUENTPRO_GRPC_LISTEN"}
        taken = Listen.parse(environ["FLUENTPRO_GRPC_LISTEN"])
        with pytest.raises(PortTaken):
            with_ports(stack, {}, taken, None)


def test_the_port_of_websockets_is_held_too() -> None:
    with ExitStack() as stack:
        environ = with_ports(stack, {}, Listen("127.0.0.1", 0), None, Listen("127.0.0.1", 0))
        assert environ.keys() == {"FLUENTPRO_GRPC_LISTEN", "FLUENTPRO_WEBSOCKET_LISTEN"}


async def test_signals_of_the_process_ask_to_stop(signals) -> None:
    with signals.installed():
        os.kill(os.getpid(), signal.SIGTERM)
        await signals.first.wait()
        assert not signals.second.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        await signals.second.wait()


async def test_the_end_of_the_parents_pipe_asks_to_stop(signals) -> None:
    reading, writing = os.pipe()
    with signals.parent_watched(reading):
        os.write(writing, b"x")
        os.close(writing)
        await signals.first.wait()
    os.close(reading)
