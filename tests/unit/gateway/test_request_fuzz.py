"""Requests that went wrong on the way, over every route: the gateway answers each of them as the client's mistake.

5,000 by default; FUZZ_REQUESTS asks for another number (100,000 a night).
"""

import asyncio
import gc
import gzip
import json
import os
import random
import re
import tracemalloc
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor

from gateway.app import Gateway
from gateway.binding import Binding
from gateway.upstream import Request, UpstreamCall

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "5000"))
_AT_ONCE = 100  # requests between two turns of the loop, which forgets the timers of those that are over
_SECONDS = 20.0  # that so many may take; the upstream answers at once
_GROWTH = 4 << 20  # bytes that may be left over, however many requests there were: caches with an end
_WARM_UP = 1000  # requests until those caches are as good as full

_STATUSES = {200, 201, 204, 304, 400, 404, 405, 406, 412, 413, 414, 415, 426, 431, 501, 0}
_PYTHON = re.compile(
    rb"Traceback|\.py\b|Error\b|Exception|object at 0x|NoneType|<class|\bdict\b|\bstr\b|\bself\b|builtin|google\._upb"
)

_TEXTS = (
    *("", "a", "0", "-1", "5", "true", "1e400", "NaN", "null", "9" * 400, "a" * 3000, "a b", "COLOR_RED", "..", "."),
    *("%2F", "%2f", "%00", "%FF", "%", "%zz", "%C3%A9", "%ED%A0%80", "é", "☃", "\x7f", "+", "&", "=", "[", "]", ":"),
    *(
        "1970-01-01T00:00:00Z",
        "1.5s",
        "AP-_",
        "a/b",
        "a%2Fb",
        "*",
        "**",
        "{x}",
        "x:archive",
        ";",
        "a.b",
        "[a]",
        "__class__",
    ),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**30, 1.5, 1e308, "", "a", "1", "1e3", "\ud800", "\x00", [], {}),
    *([None], [[]], {"a": None}, {"": ""}, {"@type": "type.googleapis.com/library.v1.Author"}, "1970-01-01T00:00:00Z"),
    *({"@type": 5}, {"@type": "nowhere/x", "value": {}}, "9999-12-31T23:59:59.999999999Z", "-315576000001s", "AP/_"),
)
_HEADERS = (
    (
        "content-type",
        ("application/json", "text/plain", "", "application/x-ndjson", "application/grpc", "a" * 300, "é"),
    ),
    ("content-encoding", ("gzip", "identity", "br", "gzip, gzip", "")),
    ("content-length", ("0", "-1", "99999999999", "x", "")),
    ("transfer-encoding", ("chunked", "gzip, chunked", "identity")),
    ("accept", ("text/event-stream", "application/x-ndjson", "*/*;q=x", ",,;;", "a" * 300, "é")),
    ("accept", ("application/problem+json", "application/problem+json;q=0.1, */*", "*;q=.2", "*/*")),
    ("accept-encoding", ("gzip", "gzip;q=0", "*", ";;q=,", "gzip, identity;q=0", "*;q=0")),
    ("if-none-match", ("*", '"e"', 'W/"e", "f"', '"', "", "é")),
    ("grpc-timeout", ("1S", "0n", "99999999H", "-1S", "1", "", "\uff11S")),
    ("x-timeout", ("1", "0.0", "-1", "1e9", "nan", "")),
    ("if-match", ('"e"', "*", 'W/"e"', '"', "")),
    ("idempotency-key", ("k", "", "é" * 9, "k" * 500)),
    ("last-event-id", ("7", "", "é")),
    ("x-request-id", ("r", "r r", "é", "r" * 500)),
    ("authorization", ("Bearer x", "", "\x00")),
    ("grpc-metadata-x-tenant", ("t", "é")),
    ("x-tenant", ("t", "")),
    ("origin", ("https://app.example", "null")),
    ("te", ("trailers",)),
    ("connection", ("close, x-tenant",)),
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW", "get", "")


@dataclass
class Bent:
    """A request on its way to becoming a bad one."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class Mutator:
    """Makes requests from a route, most of them a little wrong; the same seed makes the same ones."""

    def __init__(self, routes: list[Binding], messages: dict[str, Descriptor], seed: int) -> None:
        self._random = random.Random(seed)
        self._routes = routes
        self._messages = messages

    def request(self) -> Bent:
        route = self._random.choice(self._routes)
        message = self._messages[route.rpc]
        method = route.http_method if route.http_method != "*" else "GET"
        request = Bent(method, self._path(route), self._query(message), self._body(route, message))
        for _ in range(self._random.choice((0, 0, 1, 2, 3))):
            self._random.choice((self._bend_method, self._bend_path, self._bend_query, self._bend_body, self._header))(
                request
            )
        return request

    def pieces(self, body: bytes) -> list[bytes]:
        """Cut a body as a network does."""
        cuts = sorted(self._random.randrange(len(body) + 1) for _ in range(self._random.choice((0, 0, 1, 3))))
        return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    def _path(self, route: Binding) -> str:
        parts = [self._segment(part) for part in route.template.segments]
        return "/" + "/".join(parts) + (f":{route.template.verb}" if route.template.verb else "")

    def _segment(self, part: str) -> str:
        if part == "*":
            return self._random.choice(("s1", "5", self._text()))
        return "/".join(self._text() for _ in range(self._random.randrange(4))) if part == "**" else part

    def _query(self, message: Descriptor) -> str:
        if self._random.random() < 0.6:
            return ""
        pairs = [f"{self._field_path(message)}={self._text()}" for _ in range(self._random.randrange(1, 4))]
        if self._random.random() < 0.2:
            pairs.append(f"{self._random.choice(('$', '%24'))}fields={self._field_path(message)},{self._text()}")
        return "&".join(pairs)

    def _field_path(self, message: Descriptor) -> str:
        path = self._field(message)
        while self._random.random() < 0.3:
            path += self._random.choice((".", "[", "].", "")) + self._random.choice(
                (self._field(message), self._text())
            )
        return path

    def _field(self, message: Descriptor) -> str:
        names = [field.name for field in message.fields]
        return self._random.choice(names) if names else "a"

    def _body(self, route: Binding, message: Descriptor) -> bytes:
        if not route.rule.body:
            return b""
        value = self._value(message, 0)
        return json.dumps([value, value] if route.client_streaming else value).encode()

    def _value(self, message: Descriptor, depth: int) -> Any:
        found: dict[str, Any] = {}
        for item in self._random.sample(list(message.fields), min(len(message.fields), self._random.randrange(4))):
            inner: Any = self._random.choice(_VALUES)
            if item.message_type is not None and depth < 3 and self._random.random() < 0.7:
                inner = self._value(item.message_type, depth + 1)
            if item.is_repeated and self._random.random() < 0.7:
                inner = [inner]
            found[self._random.choice((item.name, item.camelcase_name))] = inner
        return found

    def _bend_method(self, request: Bent) -> None:
        request.method = self._random.choice(_METHODS)

    def _bend_path(self, request: Bent) -> None:
        request.path = self._bent(request.path) or "/"

    def _bend_query(self, request: Bent) -> None:
        request.query = self._bent(request.query or "a=b")

    def _bend_body(self, request: Bent) -> None:
        body = bytearray(request.body or b"{}")
        at = self._random.randrange(len(body))
        bytes_like = self._random.choice((b"", b"\xff", b"{", b"]", b'"', b",", b"\\", b"\x00", b"[" * 200, b"1e999"))
        body[at : at + self._random.randrange(3)] = bytes_like
        request.body = bytes(body)
        if self._random.random() < 0.1:
            request.body = gzip.compress(request.body)

    def _header(self, request: Bent) -> None:
        name, values = self._random.choice(_HEADERS)
        value = self._random.choice(values).encode("utf-8", "replace")
        request.headers += [(name.encode(), value)] * self._random.choice((1, 1, 1, 2))

    def _bent(self, text: str) -> str:
        at = self._random.randrange(len(text) + 1)
        return text[:at] + self._random.choice(("/", "//", "?", "&", "=", ":", ".", self._text())) + text[at + 1 :]

    def _text(self) -> str:
        return self._random.choice(_TEXTS)


@pytest.fixture
def mutator(gateway: Gateway, image: Any) -> Mutator:
    messages = {method.full_name: method.input_type for method, _ in image.methods()}
    return Mutator(list(gateway.routes), messages, seed=20_260_102)


class EmptyAnswers:
    """An upstream that answers every message, or every call without one, with an empty message."""

    def __init__(self) -> None:
        self.reached = 0

    async def unary(self, call: UpstreamCall, request: Request) -> bytes:
        async for _ in self.stream(call, request):
            pass
        return b""

    async def stream(self, call: UpstreamCall, request: Request) -> AsyncGenerator[bytes, None]:
        self.reached += 1
        if isinstance(request, bytes):
            yield b""
            return
        async for _ in request:
            yield b""


@pytest.fixture
def answers() -> EmptyAnswers:
    return EmptyAnswers()


@pytest.fixture
def gateway(image: Any, answers: EmptyAnswers, options: Any) -> Gateway:
    return Gateway(image, answers, options)


async def _answer(gateway: Gateway, request: Bent, pieces: Iterator[bytes]) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if left:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}
        await asyncio.Event().wait()
        return {}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    scope = {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode("utf-8", "replace"),
        "query_string": request.query.encode("utf-8", "replace"),
        "headers": request.headers,
        "client": ("127.0.0.1", 1),
    }
    await gateway(scope, receive, send)
    return sent[0]["status"], b"".join(event["body"] for event in sent[1:])


@pytest.mark.asyncio(loop_scope="function")  # a loop without the servers that other tests share
async def test_a_bent_request_is_the_clients_mistake_and_never_ours(
    gateway: Gateway, mutator: Mutator, answers: EmptyAnswers, caplog: pytest.LogCaptureFixture
) -> None:
    statuses: Counter[int] = Counter()
    await _send(gateway, mutator, min(_WARM_UP, REQUESTS // 2), statuses)
    before = _memory()
    await _send(gateway, mutator, REQUESTS - statuses.total(), statuses)
    grown = _memory() - before
    tracemalloc.stop()
    assert grown < _GROWTH
    assert len(asyncio.all_tasks()) < 10
    assert not caplog.records
    assert answers.reached > REQUESTS // 20, "too few requests are good enough to reach the service"
    assert {400, 404, 405, 406, 415} <= statuses.keys()
    print(f"{REQUESTS} requests: {dict(sorted(statuses.items()))}; {grown} bytes left over")


async def _send(gateway: Gateway, mutator: Mutator, count: int, statuses: Counter[int]) -> None:
    for start in range(0, count, _AT_ONCE):
        async with asyncio.timeout(_SECONDS):
            for _ in range(min(_AT_ONCE, count - start)):
                request = mutator.request()
                status, body = await _answer(gateway, request, iter(mutator.pieces(request.body)))
                assert status in _STATUSES, (status, body, request)
                assert not _PYTHON.search(body), (status, body, request)
                statuses[status] += 1
        await asyncio.sleep(0)


def _memory() -> int:
    """Return the bytes in use that were taken since this was first asked."""
    tracemalloc.start()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
