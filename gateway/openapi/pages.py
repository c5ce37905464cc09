"""The pages `/openapi.json` and `/openapi/<version>.json`."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from gateway.codec.json_text import dump
from gateway.compression import codings, compress
from gateway.etags import is_known, packed
from gateway.exchange import Receive, Scope, Send
from gateway.openapi.documents import NEWEST, Documents

_TYPE = b"application/json"
_CACHE = b"public, max-age=300"  # a document changes with a deployment, and five minutes later everybody has it
_METHODS = (b"allow", b"GET, HEAD, OPTIONS")
_BY_ENCODING = (b"vary", b"accept-encoding")
_GZIP = (b"content-encoding", b"gzip")
_ETAG_DIGITS = 32  # 128 bits of the document's hash

AsgiPage = Callable[[Scope, Receive, Send], Awaitable[None]]


def openapi_pages(documents: Documents) -> dict[str, AsgiPage]:
    """Return the pages of an image's documents by their paths; nothing is built before somebody asks."""
    named = {f"/openapi/{name}.json": OpenApiPage(documents, name) for name in documents.names}
    return {"/openapi.json": OpenApiPage(documents, NEWEST), **named}


class OpenApiPage:
    """An ASGI application that gives one document. It is written once, when first asked for."""

    def __init__(self, documents: Documents, name: str) -> None:
        self._documents = documents
        self._name = name
        self._body = b""
        self._gzip = b""
        self._etag = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: the document, 304 to a client that has it, 405 to any method that does not read."""
        if scope["method"] == "OPTIONS":
            await _send(send, 204, [_METHODS])
            return
        if scope["method"] not in ("GET", "HEAD"):
            await _send(send, 405, [_METHODS, (b"content-length", b"0")])
            return
        if not self._body:
            self._write()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        is_packed = codings(headers.get(b"accept-encoding", b"")).gzip
        etag = packed(self._etag) if is_packed else self._etag
        told = [(b"etag", etag.encode()), (b"cache-control", _CACHE), _BY_ENCODING]
        if is_known(headers.get(b"if-none-match", b""), self._etag):
            await _send(send, 304, told)
            return
        body = self._gzip if is_packed else self._body
        length = (b"content-length", str(len(body)).encode())
        told += [(b"content-type", _TYPE), length, *([_GZIP] if is_packed else [])]
        await _send(send, 200, told, b"" if scope["method"] == "HEAD" else body)

    def _write(self) -> None:
        body = dump(self._documents.document(self._name))
        self._etag = f'"{sha256(body).hexdigest()[:_ETAG_DIGITS]}"'
        self._gzip = compress(body)
        self._body = body


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
