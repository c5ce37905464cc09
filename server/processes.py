"""Several serving processes on the same ports: one parent, which keeps them running.

The parent serves nothing. It holds the ports, so that no stranger gets them, starts the children, passes signals on
and starts anew what dies. Each child has a pipe as its standard input, whose end tells it that the parent is gone.
"""

import asyncio
import logging
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from adapters.settings import PREFIX, Listen
from server.ports import reserved
from server.signals import StopSignals

_logger = logging.getLogger(__name__)

# EX_CONFIG: a child that refuses its settings would refuse them for ever.
_MISCONFIGURED = 78
# A child that dies is started anew after half a second, then after twice as long each time, up to half a minute; one
# that has lived for a minute is taken for sound.
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_SOUND_AFTER = 60.0


@dataclass(frozen=True, slots=True)
class Children:
    """What to run: how many times, which command, and in which environment.

    Each has metrics of its own: where `metrics` is set, the first serves them there and each next one on the next port.
    """

    count: int
    command: Sequence[str]
    environ: Mapping[str, str]
    metrics: Listen | None = None

    def environ_of(self, number: int) -> dict[str, str]:
        """Return the environment of one child, counted from 0."""
        if self.metrics is None:
            return dict(self.environ)
        own = Listen(self.metrics.host, self.metrics.port + number)
        return {**self.environ, f"{PREFIX}METRICS_LISTEN": str(own)}


def with_ports(
    stack: ExitStack, environ: Mapping[str, str], grpc: Listen, http: Listen | None, websockets: Listen | None = None
) -> dict[str, str]:
    """Hold the ports for as long as `stack` lives, and return the environment in which children share them.

    Raises PortTaken or CannotListen.
    """
    ports = {"GRPC_LISTEN": grpc, "HTTP_LISTEN": http, "WEBSOCKET_LISTEN": websockets}
    held = {
        f"{PREFIX}{name}": str(stack.enter_context(reserved(listen)))
        for name, listen in ports.items()
        if listen is not None
    }
    return {**environ, **held}


async def supervise(children: Children, signals: StopSignals) -> int:
    """Keep the children running until a signal comes; return the exit code that the parent should have.

    0 after a signal; 78 as soon as a child refuses its settings.
    """
    supervisors = [asyncio.create_task(_keep_running(children, number, signals)) for number in range(children.count)]
    codes = await asyncio.gather(*supervisors)
    return max(codes)


async def _keep_running(children: Children, number: int, signals: StopSignals) -> int:
    loop = asyncio.get_running_loop()
    delay = _FIRST_DELAY
    while True:
        started = loop.time()
        # A session of its own: Ctrl-C reaches the parent alone, which passes it on once.
        child = await asyncio.create_subprocess_exec(
            *children.command, stdin=PIPE, env=children.environ_of(number), start_new_session=True
        )
        code = await _until_it_ends(child, signals)
        if signals.first.is_set():
            return 0
        if code == _MISCONFIGURED:
            signals.receive()
            return code
        delay = _FIRST_DELAY if loop.time() - started >= _SOUND_AFTER else delay
        _logger.error("a server process ended with %s; another one starts in %s s", code, delay)
        if await _is_stopped_within(delay, signals):
            return 0
        delay = min(delay * 2, _LONGEST_DELAY)


async def _until_it_ends(child: Process, signals: StopSignals) -> int:
    passing = asyncio.create_task(_pass_on(child, signals))
    try:
        return await child.wait()
    finally:
        passing.cancel()


async def _pass_on(child: Process, signals: StopSignals) -> None:
    for event in (signals.first, signals.second):
        await event.wait()
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)


async def _is_stopped_within(seconds: float, signals: StopSignals) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await signals.first.wait()
    except TimeoutError:
        return False
    return True
