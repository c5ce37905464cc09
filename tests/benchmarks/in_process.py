"""What the parts of a call cost, measured within one process, without any socket of a client."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast
from uuid import UUID

import grpc.aio

from adapters.engines import running_engines
from adapters.settings import load_settings
from adapters.telemetry.logs import AccessLog
from adapters.wiring import Application, open_application
from domain.identity.model import User
from fluentpro.v2.user_service_pb2 import GetMeRequest, GetMeResponse
from fluentpro.v2.user_service_pb2_grpc import add_UserServiceServicer_to_server
from gateway.app import Gateway
from gateway.upstream import Upstream, UpstreamCall
from server.caller import Context
from server.chain import Chain, DeadlineCaps
from server.dispatcher import Dispatcher
from server.image import our_image
from server.mapping.v2 import users
from server.service import build_service
from server.servicers.v2.users import UserServicer

from .figures import Figure, median
from .learner import Learner
from .plan import IN_FLIGHT, Plan
from .servers.product import Product
from .table import Table, number

NOTE = """\
CPU of one GetMe in microseconds, part by part, in a process of its own. The gateway's row is its own work alone:
routing, request, JSON and envelope, before an upstream that answers at once. What these rows do not explain of the
figures above is the HTTP or gRPC server, system calls, and what a busy process loses in caches."""

_GET_ME = "/fluentpro.v2.UserService/GetMe"
_IN_TURN = 32  # calls between two turns of the loop, which forgets cancelled timers only then
_FEW = 8  # below the pool's size, so that none waits for a connection

Step = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Shares:
    """Medians, in microseconds of CPU."""

    servicer: Figure
    chain: Figure
    gateway: Figure
    read: Figure
    read_in_line: Figure


class _Constant(UserServicer):
    """Knows one account by heart, and asks nobody who calls."""

    def __init__(self, user: User) -> None:
        self._user = user

    async def GetMe(self, request: GetMeRequest, context: Context) -> GetMeResponse:  # noqa: N802 - the RPC's name
        """Give it."""
        return GetMeResponse(user=users.user(self._user))


class _Instant:
    """An upstream that has its answer already."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    async def unary(self, call: UpstreamCall, request: bytes) -> bytes:
        """Give it."""
        return self._answer


async def shares(plan: Plan, product: Product, learner: Learner) -> Shares:
    """Measure each part in turn, round by round, with the engines of `product`."""
    rounds: list[tuple[float, ...]] = []
    async with _application(product) as (application, chain):
        user_id = (await application.tokens.identify(learner.token)).user_id
        user = await application.identity.get_user(user_id)
        bare = _dispatching(Chain((), DeadlineCaps(unary=30.0, stream=600.0)), user, learner)
        chained = _dispatching(chain, user, learner)
        passing = _passing(user, learner)
        for _ in range(plan.rounds):
            servicer, whole, gateway = [await _in_turn(step, plan.calls) for step in (bare, chained, passing)]
            reads = [await _at_once(_reading(application, user_id), plan.calls, many) for many in (_FEW, IN_FLIGHT)]
            rounds.append((servicer, whole - servicer, gateway, *reads))
    return Shares(*map(median, zip(*rounds, strict=True)))


@asynccontextmanager
async def _application(product: Product) -> AsyncIterator[tuple[Application, Chain]]:
    """Give the application on the engines of `product`, and the whole chain."""
    settings = load_settings({"FLUENTPRO_DATA_DIR": str(product.folder)})
    engines = running_engines(product.folder)
    if engines is None:
        raise RuntimeError("the engines do not answer")
    with ExitStack() as stack:
        log = AccessLog(stack.enter_context(_nowhere()))
        stack.callback(log.flush)
        async with open_application(settings, engines.database_url, engines.redis_url) as application:
            yield application, build_service(application, settings, log).chain


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


def _dispatching(chain: Chain, user: User, learner: Learner) -> Step:
    dispatcher = Dispatcher(chain)
    add_UserServiceServicer_to_server(_Constant(user), cast("grpc.aio.Server", dispatcher))
    return lambda: dispatcher.unary(UpstreamCall(_GET_ME, learner.headers, "ipv4:127.0.0.1:1", None), b"")


def _passing(user: User, learner: Learner) -> Step:
    answer = GetMeResponse(user=users.user(user)).SerializeToString()
    gateway = Gateway(our_image(), cast("Upstream", _Instant(answer)))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v2/users/me",
        "raw_path": b"/api/v2/users/me",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in {"host": "local", **learner.headers}.items()],
    }
    return lambda: gateway(scope, _receive, _drop)


async def _receive() -> dict[str, Any]:
    return {"type": "http.request"}


async def _drop(event: dict[str, Any]) -> None:
    """Take an answer to nowhere."""


def _reading(application: Application, user_id: UUID) -> Step:
    return lambda: application.identity.get_user(user_id)


async def _in_turn(step: Step, calls: int) -> float:
    """Return the CPU of one call, in microseconds, when they come one after the other."""
    started = time.thread_time()
    for index in range(calls):
        await step()
        if index % _IN_TURN == 0:
            await asyncio.sleep(0)
    return (time.thread_time() - started) / calls * 1e6


async def _at_once(step: Step, calls: int, many: int) -> float:
    """Return the CPU of one call, in microseconds, with `many` under way."""
    each = calls // many
    started = time.thread_time()
    await asyncio.gather(*(_repeat(step, each) for _ in range(many)))
    return (time.thread_time() - started) / (each * many) * 1e6


async def _repeat(step: Step, times: int) -> None:
    for _ in range(times):
        await step()


def shares_table(measured: Shares) -> Table:
    """Return what was measured."""
    rows = (
        ("dispatch, servicer and mapping, messages, deadline", number(measured.servicer)),
        ("the chain's interceptors", number(measured.chain)),
        ("the gateway", number(measured.gateway)),
        (f"the account read by its id, {_FEW} at once", number(measured.read)),
        (f"the same, {IN_FLIGHT} at once, more than there are connections", number(measured.read_in_line)),
    )
    return Table("Parts of a call", ("", "CPU µs"), rows, NOTE)
