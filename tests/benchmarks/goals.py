"""What is wanted of the figures, and where each of them is found."""

from collections.abc import Iterator
from dataclasses import dataclass

from .codec import Coded
from .events import Moved
from .figures import Figure
from .jobs import Worked
from .live import KEPT, Lived
from .page import Goal
from .rivals import ENVOY, FASTAPI, GATEWAY, GET, GRPC, OURS, POST, Measured, Task
from .served import Served
from .startup import StartUp
from .unary import GET_ME


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured, by part; None for a part that was left out."""

    started: StartUp | None = None
    coded: tuple[Coded, ...] | None = None
    moved: Moved | None = None
    worked: Worked | None = None
    lived: Lived | None = None
    served: Served | None = None


def goals(results: Results) -> Iterator[Goal]:
    """Yield each goal with what was measured."""
    if results.served:
        yield from _beside_others(results.served)
    if results.coded:
        yield from _json(results.coded)
    if results.served:
        yield from _of_streams_and_processes(results.served)
    if results.lived:
        yield from _live(results.lived)
    if results.moved:
        yield _at_least("publishing events, batches : one by one", results.moved.publish_ratio, 6.0)
        yield _at_least("handling events, batches : one by one", results.moved.handle_ratio, 10.0)
    if results.started:
        yield _at_most("warm start, s", results.started.warm, 5.0)
        yield _at_most("`fluentpro --help`, s", results.started.help, 0.20)


def _beside_others(served: Served) -> Iterator[Goal]:
    get, post = (_of(served.rivals, task) for task in (GET, POST))
    get_me = next(each for each in served.unary if each.call is GET_ME)
    yield _at_least("GET, requests/s : Envoy's transcoder", get.faster(OURS, ENVOY), 4.0)
    yield _at_least("POST, requests/s : Envoy's transcoder", post.faster(OURS, ENVOY), 4.0)
    yield _at_most("GET, CPU over HTTP : over gRPC", get.cpu(OURS, GRPC), 0.40)
    yield _at_most("POST, CPU over HTTP : over gRPC", post.cpu(OURS, GRPC), 0.40)
    yield _at_most("GetMe with its database, CPU over HTTP : over gRPC", get_me.cpu_ratio, 0.40)
    yield _at_least("GET, requests/s : FastAPI", get.faster(OURS, FASTAPI), 1.6)
    yield _at_least("POST, requests/s : FastAPI", post.faster(OURS, FASTAPI), 1.9)
    yield _at_least("GET, our gateway's own process : Envoy", get.faster(GATEWAY, ENVOY), 1.0)
    yield _at_least("POST, our gateway's own process : Envoy", post.faster(GATEWAY, ENVOY), 1.0)


def _json(coded: tuple[Coded, ...]) -> Iterator[Goal]:
    out, into, _, token = coded
    yield _at_least("JSON out : json_format", out.faster, 4.0)
    yield _at_least("JSON in : json_format", into.faster, 7.0)
    yield _at_least("token out : json_format", token.faster, 8.0)


def _of_streams_and_processes(served: Served) -> Iterator[Goal]:
    yield _at_least("tokens/s, SSE : gRPC", served.streamed.rate_ratio, 3.0)
    yield _at_most("first token, SSE : gRPC", served.streamed.first_ratio, 0.35)
    yield _at_most("CPU per request, 2 processes : 1", served.scaled.cpu_ratio, 1.10)


def _live(lived: Lived) -> Iterator[Goal]:
    first = lived.steps[0]
    yield _at_least(f"{first.streams:,} live streams, tokens read : due", first.kept, KEPT)
    yield _at_most("memory of an open stream, without a store, kB", lived.storeless.kilobytes, 30.0)
    yield _at_most("memory of a live stream, with log and producer, kB", first.kilobytes, 30.0)
    yield _at_least("tokens per second of CPU, durable log : no log", lived.log_ratio, 0.35)


def _of(measured: tuple[Measured, ...], task: Task) -> Measured:
    return next(each for each in measured if each.task is task)


def _at_least(name: str, measured: Figure, bound: float) -> Goal:
    return Goal(name, measured, bound, is_floor=True)


def _at_most(name: str, measured: Figure, bound: float) -> Goal:
    return Goal(name, measured, bound)
