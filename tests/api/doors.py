"""The two doors, each with one `call` for every RPC.

Each answer is judged on the way: no fault of ours, and no reason that the method's policy does not name.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import grpc
import httpx
from api.contract import ALL_REASONS, COMMON_REASONS, RPCS, Rpc
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure
from google.rpc.status_pb2 import Status

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"
ARRAY = "application/json"

GATEWAY_REASONS = frozenset(
    (
        *("INVALID_VALUE", "UNKNOWN_FIELD", "UNKNOWN_PARAMETER", "MALFORMED_JSON", "BAD_ESCAPE"),
        *(
            "CONFLICTING_VALUES",
            "IMMUTABLE_FIELD",
            "INVALID_HEADER",
            "URL_TOO_LONG",
            "BODY_TOO_LARGE",
            "UNSUPPORTED_MEDIA_TYPE",
            "NOT_ACCEPTABLE",
        ),
    )
)
"""What the gateway says of a request that never becomes a call."""


@dataclass
class Outcome:
    """How a call ended, the same through either door."""

    messages: list[Any] = field(default_factory=list)
    code: str = "OK"
    reason: str = ""
    text: str = ""
    """The error's message for people."""
    metadata: dict[str, str] = field(default_factory=dict)
    violations: list[tuple[str, str]] = field(default_factory=list)
    """Field and reason of each."""
    preconditions: list[tuple[str, str]] = field(default_factory=list)
    """Type and subject of each."""
    http_status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of an HTTP answer, trailers of a gRPC one."""
    replayed: bool = False
    """Whether it is the answer to an earlier request with the same idempotency key."""

    @property
    def message(self) -> Any:
        """The one answer of a call that must have gone well."""
        assert self.code == "OK", (self.code, self.reason, self.text, self.violations)
        assert len(self.messages) == 1
        return self.messages[0]

    @property
    def events(self) -> list[Any]:
        """The ReplyEvents of a stream that must have gone well."""
        assert self.code == "OK", (self.code, self.reason, self.text, self.violations)
        return [message.event for message in self.messages]

    @property
    def fields(self) -> list[str]:
        """The fields at fault."""
        return [name for name, _ in self.violations]


def judged(rpc: Rpc | None, outcome: Outcome) -> Outcome:
    """Return the outcome, if it is one that this RPC may have."""
    if outcome.code == "OK":
        return outcome
    assert outcome.code not in ("INTERNAL", "UNKNOWN"), outcome
    of_method = ALL_REASONS if rpc is None else rpc.reasons | (frozenset() if rpc.is_read else {"CONCURRENT_UPDATE"})
    assert outcome.reason in COMMON_REASONS | GATEWAY_REASONS | of_method, f"{rpc} may not give {outcome.reason}"
    assert outcome.text
    return outcome


def _bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"authorization": f"Bearer {token}"}


class GrpcDoor:
    """Calls over the gRPC port."""

    name = "grpc"

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel

    def start(
        self, name: str, request: Message | bytes, token: str | None = None, within: float = 20, **headers: str
    ) -> Any:
        """Begin a call and return it; its request may be bytes that are no message."""
        rpc = RPCS[name]
        kind = self.channel.unary_stream if rpc.streams else self.channel.unary_unary
        data = request if isinstance(request, bytes) else request.SerializeToString()
        metadata = [(key.replace("_", "-"), value) for key, value in (_bearer(token) | headers).items()]
        return kind(rpc.path, response_deserializer=rpc.response.FromString)(data, metadata=metadata, timeout=within)

    async def call(
        self, name: str, request: Message | bytes, token: str | None = None, within: float = 20, **headers: str
    ) -> Outcome:
        """Make a call and take all that it answers."""
        call = self.start(name, request, token, within, **headers)
        messages: list[Any] = []
        try:
            if RPCS[name].streams:
                async for message in call:
                    messages.append(message)  # noqa: PERF401 - what came before an error counts
            else:
                messages.append(await call)
        except grpc.aio.AioRpcError as error:
            return judged(RPCS[name], _failed(messages, error))
        return Outcome(_joined(RPCS[name], messages), headers=_texts(await call.trailing_metadata()))


def _joined(rpc: Rpc, messages: list[Any]) -> list[Any]:
    """Join the pieces of a raw body, as HTTP does."""
    if not rpc.streams or not _is_raw(rpc):
        return messages
    bodies = [getattr(message, rpc.response_body) for message in messages]
    whole = HttpBody(content_type=bodies[0].content_type, data=b"".join(body.data for body in bodies))
    return [rpc.response(**{rpc.response_body: whole})]


def _texts(metadata: Any) -> dict[str, str]:
    return {key: value for key, value in metadata or () if isinstance(value, str)}


def _failed(messages: list[Any], error: grpc.aio.AioRpcError) -> Outcome:
    outcome = Outcome(messages, error.code().name, text=error.details() or "")
    outcome.headers = _texts(error.trailing_metadata())
    data = next((value for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"), None)
    if data is None:  # the client ended the call by itself
        outcome.reason = outcome.code
        return outcome
    info, bad, preconditions = ErrorInfo(), BadRequest(), PreconditionFailure()
    for detail in Status.FromString(data).details:
        _ = detail.Unpack(info) or detail.Unpack(bad) or detail.Unpack(preconditions)
    assert info.domain == "fluentpro"
    outcome.reason, outcome.metadata = info.reason, dict(info.metadata)
    outcome.violations = [(violation.field, violation.reason) for violation in bad.field_violations]
    outcome.preconditions = [(violation.type, violation.subject) for violation in preconditions.violations]
    return outcome


class HttpDoor:
    """Calls over the HTTP port, as the contract's rules say."""

    name = "http"

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(
        self, name: str, request: Message, token: str | None = None, accept: str = NDJSON, **headers: str
    ) -> Outcome:
        """Make a call and take all that it answers."""
        rpc = RPCS[name]
        response = await self.client.request(**self.parts(name, request, token, accept, **headers))
        return judged(rpc, _outcome(rpc, response))

    def parts(
        self, name: str, request: Message, token: str | None = None, accept: str = SSE, **headers: str
    ) -> dict[str, Any]:
        """Return what httpx needs for a call."""
        rpc = RPCS[name]
        fields = MessageToDict(request, preserving_proto_field_name=True)
        path = rpc.template
        for key in rpc.path_fields:
            path = path.replace(f"{{{key}}}", quote(fields.pop(key, ""), safe=""))
        content = None
        if rpc.body == "*":
            content, fields = json.dumps(fields), {}
        elif rpc.body and rpc.body in fields:
            content = json.dumps(fields.pop(rpc.body))
        sent = {"accept": accept if rpc.streams else ARRAY, "content-type": "application/json"} | _bearer(token)
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return {"method": rpc.verb, "url": path, "content": content, "params": fields or None, "headers": sent}

    async def raw(self, method: str, path: str, token: str | None = None, **options: Any) -> Outcome:
        """Make any request; the answer is only read when it is an error."""
        headers = options.pop("headers", {}) | _bearer(token)
        response = await self.client.request(method, path, headers=headers, **options)
        return judged(None, _outcome(None, response))


def _outcome(rpc: Rpc | None, response: httpx.Response) -> Outcome:
    headers, status = dict(response.headers), response.status_code
    if status >= 400:
        return _error(response.json()["error"], status, headers)
    if rpc is None or status == 204:
        return Outcome(http_status=status, headers=headers)
    assert status == rpc.http_status
    if rpc.streams and not _is_raw(rpc):
        return _stream(rpc, response, headers)
    if _is_raw(rpc):
        body = HttpBody(content_type=headers["content-type"], data=response.content)
        return Outcome([rpc.response(**{rpc.response_body: body})], http_status=status, headers=headers)
    answer = response.json()
    assert answer["meta"]["request_id"] == headers["x-request-id"]
    replayed = answer["meta"].get("replayed", False)
    return Outcome([_read(rpc, answer["data"])], http_status=status, headers=headers, replayed=replayed)


def _is_raw(rpc: Rpc) -> bool:
    field = rpc.response.DESCRIPTOR.fields_by_name.get(rpc.response_body)
    return field is not None and field.message_type == HttpBody.DESCRIPTOR


def _read(rpc: Rpc, data: Any) -> Message:
    return ParseDict({rpc.response_body: data} if rpc.response_body else data, rpc.response())


def _stream(rpc: Rpc, response: httpx.Response, headers: dict[str, str]) -> Outcome:
    lines = [json.loads(line) for line in response.text.splitlines()]
    outcome = Outcome(http_status=response.status_code, headers=headers)
    if lines and "error" in lines[-1]:
        outcome = _error(lines.pop()["error"], response.status_code, headers)
    outcome.messages = [_read(rpc, line) for line in lines]
    return outcome


def _error(error: dict[str, Any], status: int, headers: dict[str, str]) -> Outcome:
    outcome = Outcome([], error["status"], error["code"], error["message"], http_status=status, headers=headers)
    assert Code.Value(error["status"])
    for detail in error["details"]:
        kind = detail.get("@type", "").rpartition(".")[2]
        if kind == "ErrorInfo":
            outcome.metadata = detail["metadata"]
        elif kind == "PreconditionFailure":
            outcome.preconditions = [(each["type"], each["subject"]) for each in detail["violations"]]
        elif not kind:
            outcome.violations.append((detail["field"], detail["reason"]))
    return outcome
