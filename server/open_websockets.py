"""The WebSockets that an application serves at a moment, and their end when the server stops."""

import asyncio
from collections.abc import Awaitable

from domain.shared.tasks import running_task
from server.asgi import AsgiApp, Receive, Scope, Send

# For calls that were told to end, to say so; and for the last words of the rest, in seconds.
_ENDING_SECONDS = 1.0
_GOODBYE_SECONDS = 1.0


class OpenWebSockets:
    """An ASGI application that passes everything on to another, and knows which WebSockets are open.

    A client of a WebSocket that ends comes back at once, and elsewhere. So nobody waits for them for long.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[object]] = set()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one scope. What is no WebSocket costs a comparison."""
        serve = self._serve if scope["type"] == "websocket" else self._app
        return serve(scope, receive, send)

    async def end(self, grace: float) -> None:
        """End all that are open: by themselves, when their calls were told to, or cancelled, so that they say goodbye.

        Comes before the server's own end, after which nothing could be sent.
        """
        await self._ended(min(grace, _ENDING_SECONDS))
        for task in self._tasks:
            task.cancel()
        await self._ended(_GOODBYE_SECONDS)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = running_task()
        self._tasks.add(task)
        try:
            await self._app(scope, receive, send)
        finally:
            self._tasks.discard(task)

    async def _ended(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
