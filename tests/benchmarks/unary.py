"""Calls that answer once: each by both doors, under the same load, before the same server."""

from collections.abc import Iterable
from dataclasses import dataclass

import grpc.aio

from fluentpro.v2.conversation_service_pb2 import StartConversationRequest

from .figures import Figure, Sample, median, median_ratio
from .grpc_load import GrpcLoad
from .http_load import HttpRequest, http_load
from .learner import SCENARIO, Learner
from .load import Load
from .plan import IN_FLIGHT, Plan
from .process import cpu_seconds
from .servers.product import Product
from .table import Table, number

NOTE = f"""\
{IN_FLIGHT} requests in flight; the server has one core to itself, where it can be given one. In every call but the
first row's: request id, metrics, access log, authentication, origin, required fields, deadline, errors. CPU is that of
the whole server process, in user and kernel mode. A ratio is the median of the rounds' ratios."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as either door takes it."""

    name: str
    grpc_method: str
    grpc_request: bytes
    http_method: str
    path: str
    body: bytes = b""


CALLS = (
    Call("health: the doors alone", "/grpc.health.v1.Health/Check", b"", "GET", "/livez"),
    Call(
        "ListIndustries: no database", "/fluentpro.v2.CatalogService/ListIndustries", b"", "GET", "/api/v2/industries"
    ),
    Call("GetMe: one read", "/fluentpro.v2.UserService/GetMe", b"", "GET", "/api/v2/users/me"),
    Call(
        "StartConversation: one transaction",
        "/fluentpro.v2.ConversationService/StartConversation",
        StartConversationRequest(scenario_id=SCENARIO).SerializeToString(),
        "POST",
        "/api/v2/conversations",
        b'{"scenario_id": "%b"}' % SCENARIO.encode(),
    ),
)
GET_ME = CALLS[2]


@dataclass(frozen=True, slots=True)
class Compared:
    """One call's samples, a pair a round."""

    call: Call
    grpc: tuple[Sample, ...]
    http: tuple[Sample, ...]

    @property
    def cpu_ratio(self) -> Figure:
        """CPU per request over HTTP, as a part of that over gRPC."""
        return median_ratio([each.cpu_micros for each in self.http], [each.cpu_micros for each in self.grpc])

    @property
    def rate_ratio(self) -> Figure:
        """Requests per second over HTTP, as a multiple of those over gRPC."""
        return median_ratio([each.rate for each in self.http], [each.rate for each in self.grpc])


async def compare(plan: Plan, product: Product, learner: Learner) -> tuple[Compared, ...]:
    """Measure every call by both doors, round by round. Raises LoadFailed."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{product.grpc_port}") as channel:
        loads = [load for call in CALLS for load in _doors(call, product, learner, channel)]
        for load in loads:
            await load.run(plan.warm_up_seconds)
        rounds = [[await _sample(load, plan.load_seconds, product.pid) for load in loads] for _ in range(plan.rounds)]
    columns = list(zip(*rounds, strict=True))
    return tuple(Compared(call, columns[2 * index], columns[2 * index + 1]) for index, call in enumerate(CALLS))


def _doors(call: Call, product: Product, learner: Learner, channel: grpc.aio.Channel) -> tuple[Load, Load]:
    headers = {**learner.headers, "content-type": "application/json"} if call.body else learner.headers
    request = HttpRequest(product.http_port, call.http_method, call.path, headers, call.body)
    return GrpcLoad(channel, call.grpc_method, call.grpc_request, learner.headers), http_load(request)


async def _sample(load: Load, seconds: float, pid: int) -> Sample:
    before = cpu_seconds(pid)
    requests, took = await load.run(seconds)
    after = cpu_seconds(pid)
    return Sample(requests, took, None if before is None or after is None else after - before)


def unary_table(compared: Iterable[Compared]) -> Table:
    """Return what was measured."""
    head = ("call", "gRPC/s", "gRPC CPU µs", "HTTP/s", "HTTP CPU µs", "rate, HTTP : gRPC", "CPU, HTTP : gRPC")
    return Table("Calls that answer once", head, tuple(_row(each) for each in compared), NOTE)


def _row(compared: Compared) -> tuple[str, ...]:
    doors = [
        number(median([getattr(sample, figure) for sample in door]))
        for door in (compared.grpc, compared.http)
        for figure in ("rate", "cpu_micros")
    ]
    return (compared.call.name, *doors, number(compared.rate_ratio, 2), number(compared.cpu_ratio, 2))
