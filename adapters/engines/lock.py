"""One owner at a time: an `flock` on a file of the data folder, which the kernel frees even after kill -9."""

import fcntl
import os
import time
from typing import Final

from adapters.engines.errors import EnginesBusy
from adapters.engines.folder import DataFolder

_STOPPING: Final = "stopping"

_NOTE_BYTES: Final = 16
"""A note is padded to this length and written at once, so that no reader sees half of one."""

_GRACE: Final = 1.0
"""Seconds a lock may still be held by a keeper that has not yet noticed that its parent is gone: it looks four times
as often."""

_STOP_LIMIT: Final = 12.0
"""Seconds a stopping keeper may take: a little more than `process.STOP_SECONDS` in all."""


class FolderLock:
    """The exclusive lock of a data folder. The file says who holds it, or that the holder is stopping."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._file: int | None = None

    def acquire(self, holder: int) -> None:
        """Lock the folder for process `holder`, waiting for one that stops; `EnginesBusy` if another lives on."""
        file = os.open(self._folder.lock, os.O_RDWR | os.O_CREAT, 0o644)
        started = time.monotonic()
        while not _try_lock(file):
            note = os.pread(file, _NOTE_BYTES, 0).decode().strip()
            if time.monotonic() - started > (_STOP_LIMIT if note == _STOPPING else _GRACE):
                os.close(file)
                raise EnginesBusy(
                    f"{self._folder.root} is in use by process {note}; "
                    "stop it, or set FLUENTPRO_DATA_DIR to another folder"
                )
            time.sleep(0.01)
        self._file = file
        self._write(str(holder))

    def say_stopping(self) -> None:
        """Tell whoever wants the folder that waiting is worth it."""
        self._write(_STOPPING)

    def release(self) -> None:
        """Free the folder."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, note: str) -> None:
        if self._file is not None:
            os.pwrite(self._file, note.ljust(_NOTE_BYTES).encode(), 0)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
