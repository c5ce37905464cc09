"""WebSockets over an ASGI server that is a test: sessions, frames and ends that a real one makes hard to see."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass
from google.rpc.code_pb2 import Code

from gateway.app import Gateway
from gateway.binding import compile_routes
from gateway.codec.decode import Readers
from gateway.codec.fault import Fault
from gateway.codec.names import JsonStyle
from gateway.options import GatewayOptions
from gateway.websocket.frames import FrameReader, impose
from gateway.websocket.rate import TokenBucket

GATHER = "/v1/gather"
DENIAL = {"websocket.http.response": {}}
ANONYMOUS = '{"authorization": ""}'

TALK = """
package talk.{version};
import "google/api/annotations.proto";
import "options.proto";
option (fluentpro.contract.v1.api_version) = {{
  json_names: JSON_NAMES_PROTO envelope: {envelope} base_path: "/api/{version}"
}};
message Line {{ string some_text = 1; }}
service Talk {{
  rpc Chat(stream Line) returns (stream Line) {{ option (google.api.http) = {{get: "/api/{version}/chat"}}; }}
}}
"""


@dataclass
class AsgiSocket:
    """An ASGI server with one WebSocket, whose client says `said` and leaves when it is told to."""

    said: list[Any] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] | None = None
    code: int | None = 1001
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    send_error: BaseException | None = None
    is_stuck: bool = False
    is_connected: bool = False

    async def receive(self) -> dict[str, Any]:
        if not self.is_connected:
            self.is_connected = True
            return {"type": "websocket.connect"}
        if self.said:
            said = self.said.pop(0)
            kind = "bytes" if isinstance(said, bytes) else "text"
            return {"type": "websocket.receive", kind: said if isinstance(said, str | bytes) else json.dumps(said)}
        await self.leave.wait()
        return {"type": "websocket.disconnect", "code": self.code}

    async def send(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.send" and self.send_error is not None:
            raise self.send_error
        if event["type"] == "websocket.send" and self.is_stuck:
            await asyncio.Event().wait()
        self.sent.append(event)

    async def serve(self, app: Any, target: str = GATHER, **headers: str) -> "AsgiSocket":
        path, _, query = target.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1234),
            "extensions": self.extensions,
        }
        async with asyncio.timeout(10):
            await app(scope, self.receive, self.send)
        return self

    @property
    def types(self) -> list[str]:
        return [event["type"].removeprefix("websocket.") for event in self.sent]

    @property
    def texts(self) -> list[Any]:
        return [json.loads(event["text"]) for event in self.sent if "text" in event]

    @property
    def end(self) -> tuple[int, str]:
        last = self.sent[-1]
        assert last["type"] == "websocket.close"
        return last["code"], last["reason"]


@pytest.fixture
def gateway(image, upstream, options) -> Gateway:
    return Gateway(image, upstream, options)


@pytest.fixture
def talk_of(compile_proto, upstream, options):
    """Return a maker of gateways for a version with an envelope."""
    return lambda version, envelope: Gateway(
        compile_proto(TALK.format(version=version, envelope=envelope)), upstream, options
    )


async def test_a_stream_of_messages_gets_its_answer(gateway, upstream, message, sent):
    upstream.reply = message("library.v1.Reply", text="done")
    socket = await AsgiSocket([ANONYMOUS, {"book": "a"}, {"book": "b"}, ""]).serve(gateway, f"{GATHER}?shelf=s")
    assert socket.types == ["accept", "send", "close"]
    assert (socket.texts, socket.end) == ([{"text": "done"}], (1000, ""))
    assert (len(upstream.requests), sent("library.v1.Request").book, sent("library.v1.Request").shelf) == (2, "b", "s")


async def test_the_request_id_comes_with_the_acceptance_and_goes_upstream(gateway, upstream):
    socket = await AsgiSocket([ANONYMOUS, ""]).serve(gateway, x_request_id="r-7")
    assert socket.sent[0]["headers"] == [(b"x-request-id", b"r-7")]
    assert upstream.calls[0].headers["x-request-id"] == "r-7"
    assert upstream.calls[0].peer == "ipv4:127.0.0.1:1234"


async def test_a_server_that_knows_no_denial_closes_before_it_accepts(gateway):
    socket = await AsgiSocket().serve(gateway, "/v1/nowhere")
    assert socket.types == ["close"]


async def test_a_denial_has_the_body_of_an_error(gateway):
    socket = await AsgiSocket(extensions=DENIAL).serve(gateway, "/v1/count", x_request_id="r-8")
    start, body = socket.sent
    assert (start["status"], json.loads(body["body"])["code"]) == (404, Code.NOT_FOUND)
    assert (b"x-request-id", b"r-8") in start["headers"]


async def test_a_header_that_says_two_things_is_denied(gateway):
    scope_headers = AsgiSocket(extensions=DENIAL)
    scope = {
        "type": "websocket",
        "path": GATHER,
        "headers": [(b"authorization", b"a"), (b"authorization", b"b")],
        "extensions": DENIAL,
    }
    await gateway(scope, scope_headers.receive, scope_headers.send)
    assert scope_headers.sent[0]["status"] == 400


@pytest.mark.parametrize(("version", "envelope", "beside"), [
    ("v2", "ENVELOPE_DATA_META", "meta"),
    ("v1", "ENVELOPE_FLAT", "_meta"),
])  # fmt: skip
async def test_messages_have_no_envelope_and_the_error_has_that_of_its_version(
    talk_of, upstream, not_found, *, version, envelope, beside
):
    upstream.echoes = True
    upstream.replies = [not_found]
    upstream.trailers = [("x-request-id", "from-upstream")]
    said = [ANONYMOUS, {"some_text": "a"}, ""]
    socket = await AsgiSocket(said).serve(talk_of(version, envelope), f"/api/{version}/chat")
    first, last = socket.texts
    assert first == {"some_text": "a"}
    assert last["error"]["code"] == "NO_SUCH_BOOK"
    assert last[beside]["request_id"] == "from-upstream"
    assert socket.end == (4005, "NO_SUCH_BOOK")


async def test_a_reason_that_is_too_long_for_a_close_frame_is_cut(gateway, upstream, failure):
    from google.rpc.error_details_pb2 import ErrorInfo

    upstream.reply = failure(Code.ABORTED, "no", ErrorInfo(reason="é" * 100))
    socket = await AsgiSocket([ANONYMOUS, ""]).serve(gateway)
    assert socket.end == (4010, "é" * 61)


async def test_a_code_that_nobody_knows_is_unknown(gateway, upstream, failure):
    upstream.reply = failure(77)
    assert (await AsgiSocket([ANONYMOUS, ""]).serve(gateway)).end[0] == 4002


@pytest.mark.parametrize("reply", [b"\xff", ValueError("password=hunter2")])
async def test_what_nobody_foresaw_is_an_internal_error_and_logged(gateway, upstream, reply, caplog):
    upstream.reply = reply
    socket = await AsgiSocket([ANONYMOUS, ""]).serve(gateway)
    assert socket.end == (4013, "INTERNAL")
    assert "hunter2" not in json.dumps(socket.texts)
    assert "a WebSocket failed unexpectedly" in caplog.text


async def test_an_answer_without_a_json_form_is_an_internal_error(gateway, upstream, message):
    upstream.reply = message("library.v1.Reply")
    upstream.reply.read_at.seconds = 1 << 40
    socket = await AsgiSocket([ANONYMOUS, ""]).serve(gateway)
    assert socket.texts[-1]["error"]["message"] == "the answer cannot be written as JSON"


async def test_a_client_that_leaves_ends_the_call(gateway, upstream):
    upstream.hold = asyncio.Event()
    socket = AsgiSocket([ANONYMOUS, {"book": "a"}])
    serving = asyncio.create_task(socket.serve(gateway))
    await upstream.reached.wait()
    socket.leave.set()
    await serving
    assert upstream.ended.is_set()
    assert socket.types == ["accept"]


async def test_a_client_that_leaves_before_it_says_who_it_is_makes_no_call(gateway, upstream):
    socket = AsgiSocket()
    socket.leave.set()
    assert (await socket.serve(gateway)).types == ["accept"]
    assert upstream.calls == []


async def test_what_breaks_the_protocol_is_told_so_where_it_can_be(gateway):
    socket = AsgiSocket(code=1005)
    socket.leave.set()
    assert (await socket.serve(gateway)).end == (1002, "PROTOCOL_ERROR")


async def test_a_server_that_cannot_send_any_more_ends_the_session(gateway, upstream, caplog):
    upstream.reply = b""
    socket = AsgiSocket([ANONYMOUS, ""], send_error=ConnectionResetError())
    await socket.serve(gateway)
    assert (socket.types, caplog.records) == (["accept"], [])


async def test_a_client_that_takes_no_last_words_is_left_alone(gateway, monkeypatch):
    monkeypatch.setattr("gateway.websocket.connection._LAST_WORDS_SECONDS", 0.01)
    socket = await AsgiSocket(["no JSON"], is_stuck=True).serve(gateway)
    assert socket.types == ["accept"]


async def test_a_cancelled_session_says_that_the_server_goes_away(gateway, upstream):
    upstream.hold = asyncio.Event()
    socket = AsgiSocket([ANONYMOUS])
    serving = asyncio.create_task(socket.serve(gateway))
    await upstream.reached.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert socket.end == (1001, "SERVER_STOPPING")
    assert upstream.ended.is_set()


async def test_no_task_is_left_behind(gateway, upstream, failure):
    before = asyncio.all_tasks()
    upstream.reply = failure(Code.INTERNAL)
    for said in ([ANONYMOUS, ""], [ANONYMOUS, "no JSON"], ["no JSON"], [ANONYMOUS, {"book": "a"}, {"book": 5}]):
        await AsgiSocket(said).serve(gateway)
    assert asyncio.all_tasks() == before


async def test_many_messages_leave_room_for_other_tasks(talk_of, upstream):
    others = 0

    async def count():
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    upstream.replies = [b""] * 1000
    await AsgiSocket([ANONYMOUS, ""]).serve(talk_of("v2", "ENVELOPE_DATA_META"), "/api/v2/chat")
    counting.cancel()
    assert others >= 1000 / 32


async def test_a_deadline_is_capped_as_every_other(gateway, upstream, options):
    await AsgiSocket([ANONYMOUS, ""]).serve(gateway, grpc_timeout="100H")
    assert upstream.calls[0].timeout == options.max_timeout_seconds


async def test_any_origin_may_call_where_all_may(image, upstream):
    gateway = Gateway(image, upstream, GatewayOptions(cors_origins=("*",)))
    assert (await AsgiSocket([ANONYMOUS, ""]).serve(gateway, origin="https://a.example")).end[0] == 1000


def test_a_get_rule_on_a_stream_of_the_clients_is_listed_as_a_websocket(image):
    found = {binding.template.text: binding for binding in compile_routes(image)}
    assert found[GATHER].is_websocket
    assert found[GATHER].http_method == "GET"
    assert not found["/v1/shelves/{shelf}/gather"].is_websocket


def test_other_methods_without_a_body_have_no_route(compile_proto):
    image = compile_proto(
        """
        import "google/api/annotations.proto";
        message Line { string text = 1; }
        service Talk {
          rpc Chat(stream Line) returns (Line) { option (google.api.http) = {delete: "/v1/chat"}; }
        }
        """
    )
    assert [binding.template.text for binding in compile_routes(image) if "Chat" in binding.rpc] == ["/Talk/Chat"]


@pytest.mark.parametrize(
    ("bound", "said", "result"),
    [
        ({"book": "a"}, {"shelf": "s"}, {"book": "a", "shelf": "s"}),
        ({"book": "a"}, {"book": "a"}, {"book": "a"}),
        ({"author": {"name": "Ann"}}, {"author": {"born": 1900}}, {"author": {"name": "Ann", "born": 1900}}),
        ({"author": {}}, {}, {"author": {}}),
        ({"tags": ["a", "b"]}, {"tags": ["a", "b"]}, {"tags": ["a", "b"]}),
        ({"labels": {"k": "v"}}, {}, {"labels": {"k": "v"}}),
        ({"update_mask": {"paths": ["a"]}}, {}, {"update_mask": {"paths": ["a"]}}),
        ({"page": 0}, {}, {"page": 0}),
        ({"page": 0}, {"page": 0}, {"page": 0}),
    ],
)
def test_what_is_bound_joins_what_a_frame_says(message, bound, said, result):
    whole = message("library.v1.Request", **said)
    impose(message("library.v1.Request", **bound), whole)
    assert whole == message("library.v1.Request", **result)


@pytest.mark.parametrize(
    ("bound", "said", "field"),
    [
        ({"book": "a"}, {"book": "b"}, "book"),
        ({"author": {"name": "Ann"}}, {"author": {"name": "Bob"}}, "author.name"),
        ({"tags": ["a"]}, {"tags": ["a", "b"]}, "tags"),
        ({"labels": {"k": "v"}}, {"labels": {"l": "v"}}, "labels"),
        ({"update_mask": {"paths": ["a"]}}, {"update_mask": {"paths": ["b"]}}, "update_mask"),
        ({"page": 1}, {"page": 2}, "page"),
        ({"page": 1}, {"chapter": "c"}, "page"),
    ],
)
def test_what_contradicts_the_binding_is_refused_by_its_field(message, bound, said, field):
    with pytest.raises(Fault) as refused:
        impose(message("library.v1.Request", **bound), message("library.v1.Request", **said))
    assert (refused.value.path, refused.value.reason) == (field, "CONFLICTING_VALUES")


def test_a_message_of_raw_bytes_is_read_as_it_is(image):
    kind = image.pool.FindMessageTypeByName("google.api.HttpBody")
    reader = FrameReader(kind, Readers(image.pool, JsonStyle()))
    data = reader.message(GetMessageClass(kind)(content_type="text/csv"), b"a,b")
    assert GetMessageClass(kind).FromString(data) == GetMessageClass(kind)(content_type="text/csv", data=b"a,b")


def test_a_bucket_gives_its_burst_at_once_and_its_rate_from_then_on():
    now = 0.0
    bucket = TokenBucket(2, 3, lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 100.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
