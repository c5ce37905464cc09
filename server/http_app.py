"""Everything on the HTTP port: probes, metrics, and the gateway for all the rest."""

from collections.abc import Awaitable

from server.asgi import AsgiApp, Receive, Scope, Send


class HttpApp:
    """An ASGI application that picks another by the request's path."""

    def __init__(self, pages: dict[str, AsgiApp], otherwise: AsgiApp) -> None:
        self._pages = pages
        self._otherwise = otherwise

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass one request on, and stay out of its way."""
        if scope["type"] == "lifespan":
            return _live(receive, send)
        page = self._pages.get(scope["path"]) if scope["type"] == "http" else None
        return (page or self._otherwise)(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    """Say yes to the ASGI server's start and stop; the host does what is to do there."""
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
