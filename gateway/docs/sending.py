"""Sending one of a page's files: its etag, whether it may be kept, and gzip where that is worth it."""

import asyncio
from collections.abc import Sequence

from gateway.compression import codings, is_worth_it
from gateway.docs.assets import Asset
from gateway.etags import is_known, packed
from gateway.exchange import Scope, Send

LASTING = b"public, max-age=31536000, immutable"  # a year, by which RFC 9111's caches take it as for ever
CHECKED = b"no-cache"  # kept, and asked about with its etag each time

Headers = Sequence[tuple[bytes, bytes]]


async def send_asset(asset: Asset, always: Headers, scope: Scope, send: Send) -> None:
    """Answer a request for `asset`; every answer has the headers `always`. Methods but GET and HEAD are refused."""
    if scope["method"] not in ("GET", "HEAD"):
        await _send(send, 405, [*always, (b"allow", b"GET, HEAD"), (b"content-length", b"0")], b"")
        return
    asked = dict(scope["headers"])
    headers = [*always, (b"cache-control", LASTING if asset.is_lasting else CHECKED)]
    is_zippable = is_worth_it(asset.content_type, len(asset.data))
    is_zipped = is_zippable and codings(asked.get(b"accept-encoding", b"")).gzip
    etag = packed(asset.etag) if is_zipped else asset.etag
    headers.append((b"etag", etag.encode()))
    if is_zippable:
        headers.append((b"vary", b"accept-encoding"))
    if is_known(asked.get(b"if-none-match", b""), etag):
        await _send(send, 304, headers, b"")
        return
    data = await asyncio.to_thread(asset.zipped) if is_zipped else asset.data
    if is_zipped:
        headers.append((b"content-encoding", b"gzip"))
    headers += [(b"content-type", asset.content_type), (b"content-length", str(len(data)).encode())]
    await _send(send, 200, headers, b"" if scope["method"] == "HEAD" else data)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
