"""The page `/asyncapi.json`."""

import json

from server.asgi import AsgiApp, Receive, Scope, Send, respond
from server.feed.document import asyncapi_document


def asyncapi_pages() -> dict[str, AsgiApp]:
    """Return the page of the feed's document by its path."""
    return {"/asyncapi.json": AsyncApiPage()}


def asyncapi_text() -> str:
    """Return the document as it is written to files and sent: indented JSON in UTF-8."""
    return json.dumps(asyncapi_document(), indent=2, ensure_ascii=False) + "\n"


class AsyncApiPage:
    """An ASGI application that gives the document. It is written once, when first asked for."""

    def __init__(self) -> None:
        self._body = b""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in ("GET", "HEAD"):
            await respond(scope, send, 405, "text/plain", b"method not allowed\n")
            return
        self._body = self._body or asyncapi_text().encode()
        await respond(scope, send, 200, "application/json", self._body)
