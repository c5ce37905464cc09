"""The worker of `fluentpro dev`: Celery in a process of its own, as in production, that ends with ours."""

import asyncio
import os
import sys
from collections.abc import Mapping

from adapters.engines import EngineUrls

# Nobody else is about to be asked who they are, which takes a second.
_ARGUMENTS = ("--concurrency=1", "--without-mingle", "--without-gossip")
_COMMAND = (sys.executable, "-m", "workers.kept", *_ARGUMENTS)
_LIVES_ON_SECONDS = 1.0
"""Between two starts of a worker that ends by itself."""


class DevWorker:
    """Keeps one worker running."""

    def __init__(self, urls: EngineUrls) -> None:
        self._urls = urls
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, and start it again whenever it ends."""
        self._keeping = asyncio.create_task(self._keep(), name="worker")

    async def stop(self, grace: float) -> None:
        """End it: it may finish what it has in hand within `grace` seconds."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(grace):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        while True:
            # In a session of its own: Ctrl-C is for us, and we end it when the doors are closed.
            self._process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                env=_environ(self._urls),
                stdin=asyncio.subprocess.PIPE,  # by its end the worker knows that we are gone
                stdout=asyncio.subprocess.DEVNULL,  # its banner; the log is on stderr
                start_new_session=True,
            )
            await self._process.wait()
            await asyncio.sleep(_LIVES_ON_SECONDS)


def _environ(urls: EngineUrls) -> Mapping[str, str]:
    own = {"FLUENTPRO_DATABASE_URL": urls.database_url, "FLUENTPRO_REDIS_URL": urls.redis_url}
    return os.environ | own
