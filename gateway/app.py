"""The gateway as one ASGI application: match, bind, call, render."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from urllib.parse import quote

from google.rpc.code_pb2 import Code

from gateway import accept
from gateway.answer import Answer
from gateway.binding import Binding, compile_routes
from gateway.codec.json_text import dump
from gateway.cors import Cors
from gateway.disconnect import DisconnectWatches
from gateway.envelope import Envelope, envelope_of
from gateway.errors import Refusal
from gateway.etags import etag_of, hash_of
from gateway.exchange import JSON, ClientGoneError, Exchange, Receive, Scope, Send, peer_of
from gateway.failures import FORESEEN, problem_of
from gateway.heartbeats import Heartbeats
from gateway.image import Image
from gateway.options import GatewayOptions
from gateway.partial import cut_fields
from gateway.percent import raw_text
from gateway.renderers import STREAM_TYPES, form_of
from gateway.request_body import RequestBody
from gateway.request_headers import HeaderRules, RequestHeaders, timeout_of
from gateway.request_stream import LINES, Bind, cutter_of, messages_of
from gateway.routes import Match, Routes
from gateway.streaming import StreamCutError, StreamResponse
from gateway.upstream import Request, Upstream, UpstreamCall
from gateway.version_paths import VersionPaths
from gateway.versions import Version, read_versions
from gateway.websocket.door import WebSocketDoor, upgrade_required

_log = logging.getLogger(__name__)

Respond = Callable[[], Awaitable[None]]

_RAW_DEFAULT = b"application/octet-stream"
_UNARY_TYPES = (accept.JSON,)


class Gateway:
    """Serves every method of an image over HTTP and JSON, through an upstream.

    It answers the scopes `http` and `websocket`; any other raises ValueError.
    """

    def __init__(self, image: Image, upstream: Upstream, options: GatewayOptions = GatewayOptions()) -> None:  # noqa: B008  # frozen
        self._upstream = upstream
        self._options = options
        self._heartbeats = Heartbeats(options.heartbeat_seconds)
        self._watches = DisconnectWatches(options.disconnect_watch_seconds)
        self._headers = HeaderRules(options.forward_headers)
        self._cors = Cors(options.cors_origins, self._headers.takes)
        self.routes: Routes[Binding] = compile_routes(
            image, options.style, ignore_unknown_query=options.ignore_unknown_query
        )
        """Every binding; iterate to list them."""
        versions = read_versions(image, options.style).values()
        self._versions = VersionPaths(versions)
        self._plain = envelope_of(Version(), image, options.clock)
        self._envelopes = {version.package: envelope_of(version, image, options.clock) for version in versions}
        self._envelopes.setdefault("", self._plain)
        others = (each for each in STREAM_TYPES if each != options.stream_type)
        self._stream_types = (options.stream_type, *others)
        self._websockets = WebSocketDoor(upstream, options, self._headers, self._find_websocket, self._check)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await self._websockets(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"a gateway answers http and websocket, not {scope['type']}")
        headers = self._headers.read(scope["headers"])
        exchange = Exchange(receive, send, headers, self._plain, scope["method"] == "HEAD")
        exchange.standing = self._cors.headers(headers)
        try:
            respond = await self._prepare(scope, exchange)
            await respond()
        except ClientGoneError:
            _log.debug("the client of request %s left", headers.request_id)
        except Exception as error:
            if exchange.is_started or isinstance(error, StreamCutError):
                raise
            if not isinstance(error, FORESEEN):
                _log.exception("the call failed; request %s", headers.request_id)
            await exchange.fail(problem_of(error, had_if_match=exchange.is_conditional))

    async def _prepare(self, scope: Scope, exchange: Exchange) -> Respond:
        """Find out what is asked, and return what answers it.

        It does not answer by itself: all that only reading the request takes is gone while a stream goes on.
        """
        raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
        query: bytes = scope.get("query_string", b"")
        path = raw_text(raw_path)
        match = self._match(scope["method"], path)
        version = self._versions.at(path) if match is None else match.target.version
        exchange.envelope = self._envelopes[version.package]
        ending = version.deprecation
        if ending is not None:
            exchange.standing = [*exchange.standing, *ending.headers]
        self._check(len(raw_path) + len(query), exchange.headers)
        if ending is not None and (match is not None or scope["method"] != "OPTIONS"):
            ending.refuse_after(self._options.clock())  # what a preflight is told lets its page see this
        if match is None:
            return self._respond_unrouted(scope["method"], path, exchange)
        binding = match.target
        if binding.is_websocket:
            raise upgrade_required()
        self._offer(binding, exchange.headers)  # what the client does not take is not made either
        answer = binding.answer
        if b"fields" in query:
            fields, query = cut_fields(query)
            answer = answer if fields is None else answer.partial(fields)
        is_patch = scope["method"] == "PATCH"
        bind = partial(binding.request.bind, match.segments, query, exchange.headers, is_patch)
        request = await self._request(binding, exchange, bind)
        timeout = timeout_of(exchange.headers, self._options.max_timeout_seconds)
        call = UpstreamCall(binding.method, exchange.headers.upstream, peer_of(scope), timeout)
        exchange.call = call
        exchange.is_conditional = binding.request.takes_if_match and b"if-match" in exchange.headers.all
        if binding.server_streaming:
            scope["headers"] = ()  # they have been read, and would take a kilobyte for as long as the stream lasts
        method = self._stream if binding.server_streaming else self._unary
        respond = partial(method, exchange, binding, answer, call, request)
        return respond if isinstance(request, bytes) else partial(_close_after, request, respond)

    async def _request(self, binding: Binding, exchange: Exchange, bind: Bind) -> Request:
        """Return what goes upstream: the message, or those of the client's stream as they come."""
        if not binding.request.takes_body:
            return bind(b"")
        media_type = _media_type(binding, exchange.headers)
        body = RequestBody(exchange.receive, exchange.headers, self._options.max_body_bytes)
        if not binding.client_streaming:
            return bind(await body.whole())
        bind(b"")  # refuses a bad path or query before there is a call
        exchange.body_ended = body.ended
        cutter = cutter_of(media_type, is_raw=not binding.request.takes_json, limit=self._options.max_body_bytes)
        return messages_of(body, cutter, bind)

    async def _unary(
        self, exchange: Exchange, binding: Binding, answer: Answer, call: UpstreamCall, request: Request
    ) -> None:
        with self._watches.over(exchange.receive, exchange.body_ended):
            response = await self._upstream.unary(call, request)
        message = answer.parse(response)
        is_get = binding.http_method == "GET"
        if answer.is_raw:
            content_type, body = answer.raw(message)
            content_type, etag = content_type or _RAW_DEFAULT, hash_of(body) if is_get else ""
        else:
            value = answer.json(message)
            content = dump(value)
            content_type, etag = JSON, etag_of(value, answer.etag_key, content) if is_get else ""
            body = exchange.envelope.success(content, exchange.facts)
        await exchange.respond(binding.http_status, content_type, body, binding.cache_headers, etag)

    async def _stream(
        self, exchange: Exchange, binding: Binding, answer: Answer, call: UpstreamCall, request: Request
    ) -> None:
        form = form_of(self._offer(binding, exchange.headers), answer)
        response = StreamResponse(exchange, answer, form, self._heartbeats)
        with self._watches.over(exchange.receive, exchange.body_ended):
            await response.serve(self._upstream.stream(call, request))

    def _offer(self, binding: Binding, headers: RequestHeaders) -> str:
        """Return the media type of an answer; Refusal when the client takes none that there is.

        Of an HttpBody only the service knows the type, and not before it answers: that is never refused.
        """
        header = headers.all.get(b"accept")
        offers = self._stream_types if binding.server_streaming else _UNARY_TYPES
        return offers[0] if header is None or binding.answer.is_raw else accept.media_type(header, offers)

    def _match(self, method: str, path: str) -> Match[Binding] | None:
        match = self.routes.find(method, path)
        if match is None and method == "HEAD":
            match = self.routes.find("GET", path)
            return match if match is None or not (match.target.server_streaming or match.target.is_websocket) else None
        return match

    def _find_websocket(self, path: str) -> tuple[Match[Binding] | None, Version, Envelope]:
        match = self.routes.find("GET", path)
        version = self._versions.at(path) if match is None else match.target.version
        return match, version, self._envelopes[version.package]

    def _respond_unrouted(self, method: str, path: str, exchange: Exchange) -> Respond:
        """Tell OPTIONS the methods that a path has, and refuse everything else."""
        allowed = self._allowed(path)
        allow = [(b"allow", ", ".join(allowed).encode())]
        if not allowed:
            self._versions.refuse_unknown(path, self._options.clock())
            raise Refusal("there is nothing at this path", "ROUTE_NOT_FOUND", code=Code.NOT_FOUND)
        if method == "OPTIONS":
            return partial(exchange.empty, 204, [*allow, *self._cors.preflight(exchange.headers, allowed)])
        raise Refusal(
            f"{method} is not allowed here; allowed: {', '.join(allowed)}",
            "METHOD_NOT_ALLOWED",
            code=Code.UNIMPLEMENTED,
            http_status=405,
            headers=allow,
        )

    def _allowed(self, path: str) -> list[str]:
        methods = self.routes.allowed(path)
        if not methods:
            return []
        head = ["HEAD"] if self._match("HEAD", path) is not None else []
        return sorted({*methods, *head, "OPTIONS"})

    def _check(self, url: int, headers: RequestHeaders) -> None:
        """Refuse what is too large, and headers that say two things."""
        if url > self._options.max_url_bytes:
            raise Refusal("the URL is too long", "URL_TOO_LONG", http_status=414)
        if headers.size > self._options.max_header_bytes:
            raise Refusal("the headers are too large", "HEADERS_TOO_LARGE", http_status=431)
        if headers.ambiguous:
            name = headers.ambiguous.decode("latin-1")
            raise Refusal(f"the header {name} is ambiguous", "INVALID_HEADER", field_path=name)


async def _close_after(messages: AsyncGenerator[bytes, None], respond: Respond) -> None:
    async with aclosing(messages):
        await respond()


def _media_type(binding: Binding, headers: RequestHeaders) -> str:
    """Return the body's media type; Refusal when its rule does not take it. One that says nothing is JSON."""
    kind = headers.text(b"content-type").partition(";")[0].strip().lower()
    if not binding.request.takes_json or kind in ("", "application/json"):
        return kind
    if (kind.startswith("application/") and kind.endswith("+json")) or (binding.client_streaming and kind in LINES):
        return kind
    raise Refusal(f"the body is {kind}, and application/json is expected", "UNSUPPORTED_MEDIA_TYPE", http_status=415)


__all__ = ["Gateway"]
