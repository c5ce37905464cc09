"""Lines that the learner types, without a thread that would outlive the talk."""

import asyncio
import os
from collections.abc import Callable
from typing import BinaryIO


class Keyboard:
    """Calls back with each line, and at the end of input. Reads a terminal or a pipe."""

    def __init__(self, source: BinaryIO, on_line: Callable[[str], None], on_end: Callable[[], None]) -> None:
        self._file = source.fileno()
        self._on_line = on_line
        self._on_end = on_end
        self._rest = b""

    def listen(self) -> None:
        """Begin to read."""
        asyncio.get_running_loop().add_reader(self._file, self._read)

    def _read(self) -> None:
        typed = os.read(self._file, 4096)
        *lines, self._rest = (self._rest + (typed or b"\n")).split(b"\n")
        for line in lines:
            if text := line.decode(errors="replace").strip():
                self._on_line(text)
        if not typed:
            asyncio.get_running_loop().remove_reader(self._file)
            self._on_end()
