"""How a worker that has to stop tells its processes: by the end of a pipe that they all inherit.

It also ends when the parent process dies. On Linux its processes die with it, so that their leases lapse; elsewhere
they give back what is under way.
"""

import asyncio
import os
import threading
from collections.abc import Callable


class StopPipe:
    """Made before the fork; implements `workers.running.StopWatch`."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._maker = os.getpid()

    def watch(self, loop: asyncio.AbstractEventLoop, then: Callable[[], None]) -> None:
        """Have `then` called on the loop once the pipe has ended. For each process once, from its loop."""
        if os.getpid() != self._maker:
            os.close(self._write)  # as long as anybody holds it, it does not end

        def end() -> None:
            loop.remove_reader(self._read)
            then()

        loop.add_reader(self._read, end)

    def end_after(self, seconds: float) -> None:
        """Give what is under way this time, and then end the pipe. For the parent."""
        timer = threading.Timer(seconds, os.close, (self._write,))
        timer.daemon = True
        timer.start()
