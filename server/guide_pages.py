"""The guides that answers of a deprecated version link to, as they stand in docs/guide/."""

from importlib.resources import files

from server.asgi import AsgiApp, Receive, Scope, Send, respond

PREFIX = "/docs/guide/"


def guide_pages() -> dict[str, AsgiApp]:
    """Return each guide by its path, such as `/docs/guide/v1-to-v2`."""
    guides = (entry for entry in files("server").joinpath("guides").iterdir() if entry.name.endswith(".md"))
    return {PREFIX + guide.name.removesuffix(".md"): GuidePage(guide.read_bytes()) for guide in guides}


class GuidePage:
    """One guide: Markdown, which every browser shows as the text that it is."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in ("GET", "HEAD"):
            await respond(scope, send, 405, "text/plain", b"method not allowed\n")
            return
        await respond(scope, send, 200, "text/plain; charset=utf-8", self._text)
