"""Log lines, written many at a time: a write for each costs more than the request's own log line."""

import asyncio
import atexit
from typing import TextIO

FLUSH_SECONDS = 0.1
"""How old a line may get before it is written."""


class BufferedLines:
    """Writes lines to a stream within FLUSH_SECONDS, and those that are left when the process exits.

    It belongs to one event loop's thread. Outside of a running loop each line is written at once.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        atexit.register(self.flush)

    def append(self, line: str) -> None:
        """Take a line, without its line end."""
        self._lines.append(line)
        if self._timer is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            self._timer = loop.call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what there is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            lines, self._lines = self._lines, []
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
