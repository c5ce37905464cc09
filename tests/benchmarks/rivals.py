"""Unary JSON by our gateway, beside the ways that one would take without it: Envoy's transcoder, and FastAPI."""

from collections.abc import Iterator
from dataclasses import dataclass

import grpc.aio

from fluentpro.v2.catalog_pb2 import ROLE_LEVEL_ASSOCIATE
from fluentpro.v2.conversation_service_pb2 import GetConversationRequest
from fluentpro.v2.onboarding_service_pb2 import CreateCustomRoleRequest

from .figures import Figure, Sample, median, median_ratio
from .grpc_load import GrpcLoad
from .http_load import HttpRequest, http_load
from .learner import Learner
from .load import Load, LoadFailed
from .plan import Plan
from .process import cpu_of_all
from .servers.compared import Compared, Served
from .table import Table, number

NOTE = """\
The same API from the same memory, so that no database is in it, with request id, access log, metrics, bearer tokens
and errors in each. Every server has the same core, and 32 requests are in flight. FastAPI runs on the ASGI server that
ours runs on, once as it comes and once with our settings of Python's garbage collector (server/collector.py). Envoy
and our own gateway process stand before our gRPC port; their CPU is that of both processes. A ratio is the median of
the rounds' ratios."""

_TITLE = "Guest relations officer"
_DUTIES = (
    "Welcomes guests at the door, checks them in and out, answers questions about the hotel and the town, "
    "books tables, taxis and tours, takes complaints and passes them on, and looks after those who come back each year."
)
_UNKNOWN = "0193a0e5-0000-7000-8000-000000000000"
OURS, GATEWAY, ENVOY, GRPC = "ours", "our gateway, own process", "Envoy", "gRPC"
FASTAPI, FASTAPI_SETTLED = "FastAPI", "FastAPI, our collector settings"


@dataclass(frozen=True, slots=True)
class Task:
    """One request, as each way takes it."""

    name: str
    http_method: str
    path: str
    body: bytes = b""
    grpc_method: str = ""
    """Empty where gRPC cannot be asked the same."""
    grpc_request: bytes = b""
    is_refused: bool = False


_ROLE = CreateCustomRoleRequest(title=_TITLE, description=_DUTIES, level=ROLE_LEVEL_ASSOCIATE)
GET = Task("GET", "GET", "/api/v2/users/me", grpc_method="/fluentpro.v2.UserService/GetMe")
POST = Task(
    "POST",
    "POST",
    "/api/v2/onboarding/roles",
    f'{{"title":"{_TITLE}","description":"{_DUTIES}","level":"ROLE_LEVEL_ASSOCIATE"}}'.encode(),
    "/fluentpro.v2.OnboardingService/CreateCustomRole",
    _ROLE.SerializeToString(),
)
NOT_FOUND = Task(
    "error 404, by the handler",
    "GET",
    f"/api/v2/conversations/{_UNKNOWN}",
    grpc_method="/fluentpro.v2.ConversationService/GetConversation",
    grpc_request=GetConversationRequest(conversation_id=_UNKNOWN).SerializeToString(),
    is_refused=True,
)
BAD_BODY = Task(
    "error 400, unknown field", "POST", "/api/v2/onboarding/roles", b'{"title":"Porter","wage":1}', is_refused=True
)
TASKS = (GET, POST, NOT_FOUND, BAD_BODY)


@dataclass(frozen=True, slots=True)
class Measured:
    """The samples of one task by each way, one a round."""

    task: Task
    ways: dict[str, tuple[Sample, ...]]

    def faster(self, way: str, than: str) -> Figure:
        """Return requests per second by a way, as a multiple of those by another."""
        if way not in self.ways or than not in self.ways:
            return None
        return median_ratio([each.rate for each in self.ways[way]], [each.rate for each in self.ways[than]])

    def cpu(self, way: str, against: str) -> Figure:
        """Return CPU per request by a way, as a part of that by another."""
        if way not in self.ways or against not in self.ways:
            return None
        return median_ratio(
            [each.cpu_micros for each in self.ways[way]], [each.cpu_micros for each in self.ways[against]]
        )


@dataclass(frozen=True, slots=True)
class _Run:
    task: Task
    way: str
    load: Load
    pids: tuple[int, ...]

    async def sample(self, seconds: float) -> Sample:
        """Go on for `seconds`. Raises LoadFailed."""
        before = cpu_of_all(self.pids)
        try:
            requests, took = await self.load.run(seconds)
        except LoadFailed as failure:
            raise LoadFailed(f"{self.task.name}, {self.way}: {failure}") from failure
        after = cpu_of_all(self.pids)
        return Sample(requests, took, None if before is None or after is None else after - before)


async def compare_rivals(plan: Plan, served: Compared, learner: Learner) -> tuple[Measured, ...]:
    """Measure every task by every way, round by round. Raises LoadFailed."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{served.grpc_port}") as channel:
        runs = [run for task in TASKS for run in _runs(task, served, learner, channel)]
        for run in runs:
            await run.sample(plan.warm_up_seconds)
        rounds = [[await run.sample(plan.load_seconds) for run in runs] for _ in range(plan.rounds)]
    columns = list(zip(runs, zip(*rounds, strict=True), strict=True))
    return tuple(Measured(task, {run.way: samples for run, samples in columns if run.task is task}) for task in TASKS)


def _runs(task: Task, served: Compared, learner: Learner, channel: grpc.aio.Channel) -> Iterator[_Run]:
    ways = {OURS: served.ours, GATEWAY: served.gateway, ENVOY: served.envoy, FASTAPI: served.fastapi}
    if not task.is_refused:
        ways[FASTAPI_SETTLED] = served.fastapi_settled
    for way, server in ways.items():
        if server is not None:
            yield _Run(task, way, _http(task, server, learner), server.pids)
    if task.grpc_method and not task.is_refused:
        load = GrpcLoad(channel, task.grpc_method, task.grpc_request, learner.headers)
        yield _Run(task, GRPC, load, served.ours.pids)


def _http(task: Task, server: Served, learner: Learner) -> Load:
    headers = {**learner.headers, "content-type": "application/json"} if task.body else learner.headers
    return http_load(
        HttpRequest(server.http_port, task.http_method, task.path, headers, task.body, is_refused=task.is_refused)
    )


def rivals_table(measured: tuple[Measured, ...]) -> Table:
    """Return what was measured."""
    head = ("", "requests/s", "CPU µs", "ours, times as many", "CPU, ours : theirs")
    return Table("Beside Envoy and FastAPI", head, tuple(row for each in measured for row in _rows(each)), NOTE)


def _rows(measured: Measured) -> Iterator[tuple[str, ...]]:
    for way, samples in measured.ways.items():
        rate = number(median([each.rate for each in samples]))
        cpu = number(median([each.cpu_micros for each in samples]))
        is_ours = way == OURS
        faster = "" if is_ours else number(measured.faster(OURS, way), 2)
        part = "" if is_ours else number(measured.cpu(OURS, way), 2)
        yield f"{measured.task.name}: {way}", rate, cpu, faster, part
