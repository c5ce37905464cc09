"""What is wanted of the figures, and where each of them is found."""

from collections.abc import Iterator
from dataclasses import dataclass

from .codec import Coded
from .events import Moved
from .figures import Figure
from .page import Goal
from .rivals import ENVOY, FASTAPI, GATEWAY, GET, GRPC, OURS, POST, Measured, Task
from .scaling import Scaled
from .startup import StartUp
from .streams import Streamed
from .unary import GET_ME, Compared


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that has a goal."""

    started: StartUp
    unary: tuple[Compared, ...]
    rivals: tuple[Measured, ...]
    streamed: Streamed
    scaled: Scaled
    coded: tuple[Coded, ...]
    moved: Moved


def goals(results: Results) -> Iterator[Goal]:
    """Yield each goal with what was measured."""
    get, post = (_of(results.rivals, task) for task in (GET, POST))
    get_me = next(each for each in results.unary if each.call is GET_ME)
    out, into, _, token = results.coded
    yield _at_least("GET, requests/s : Envoy's transcoder", get.faster(OURS, ENVOY), 4.0)
    yield _at_least("POST, requests/s : Envoy's transcoder", post.faster(OURS, ENVOY), 4.0)
    yield _at_most("GET, CPU over HTTP : over gRPC", get.cpu(OURS, GRPC), 0.40)
    yield _at_most("POST, CPU over HTTP : over gRPC", post.cpu(OURS, GRPC), 0.40)
    yield _at_most("GetMe with its database, CPU over HTTP : over gRPC", get_me.cpu_ratio, 0.40)
    yield _at_least("GET, requests/s : FastAPI", get.faster(OURS, FASTAPI), 1.6)
    yield _at_least("POST, requests/s : FastAPI", post.faster(OURS, FASTAPI), 1.9)
    yield _at_least("GET, our gateway's own process : Envoy", get.faster(GATEWAY, ENVOY), 1.0)
    yield _at_least("POST, our gateway's own process : Envoy", post.faster(GATEWAY, ENVOY), 1.0)
    yield _at_least("JSON out : json_format", out.faster, 4.0)
    yield _at_least("JSON in : json_format", into.faster, 7.0)
    yield _at_least("token out : json_format", token.faster, 8.0)
    yield _at_least("tokens/s, SSE : gRPC", results.streamed.rate_ratio, 3.0)
    yield _at_most("first token, SSE : gRPC", results.streamed.first_ratio, 0.35)
    yield _at_most("CPU per request, 2 processes : 1", results.scaled.cpu_ratio, 1.10)
    yield _at_least("publishing events, batches : one by one", results.moved.publish_ratio, 6.0)
    yield _at_least("handling events, batches : one by one", results.moved.handle_ratio, 10.0)
    yield _at_most("warm start, s", results.started.warm, 5.0)
    yield _at_most("`fluentpro --help`, s", results.started.help, 0.20)


def _of(measured: tuple[Measured, ...], task: Task) -> Measured:
    return next(each for each in measured if each.task is task)


def _at_least(name: str, measured: Figure, bound: float) -> Goal:
    return Goal(name, measured, bound, is_floor=True)


def _at_most(name: str, measured: Figure, bound: float) -> Goal:
    return Goal(name, measured, bound)
