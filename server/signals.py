"""Being asked to stop: by SIGINT or SIGTERM, or because the parent process is gone."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Two events: the first request to stop, and the second, which is in a hurry."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    def receive(self) -> None:
        """Take note of a request to stop."""
        (self.second if self.first.is_set() else self.first).set()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Receive the process's signals within the block. For the main thread's loop."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.receive)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    @contextmanager
    def parent_watched(self, pipe: int) -> Iterator[None]:
        """Take the end of `pipe`, whose other end the parent process holds, for a request to stop."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            if not os.read(pipe, 1024):
                loop.remove_reader(pipe)
                self.receive()

        loop.add_reader(pipe, read)
        try:
            yield
        finally:
            loop.remove_reader(pipe)
