"""The file that lists who was erased: what a restored backup of the database cannot take back."""

import fcntl
import json
import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

_log = logging.getLogger(__name__)


class ErasureList:
    """A line of JSON for everybody who was erased: `{"user_id": "0c9f…", "erased_at": "2026-03-01T12:00:00+00:00"}`.

    Any number of processes may write it. Nothing in it is ever changed; a line that was torn by a crash is passed over,
    and its user is written again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._users: set[UUID] = set()
        self._read_to = 0
        self._inode = 0

    def users(self) -> frozenset[UUID]:
        """Return everybody in it. Raises OSError."""
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            self._read_on(file)
        return frozenset(self._users)

    def add(self, erased: Iterable[tuple[UUID, datetime]]) -> int:
        """Write those who are not in it yet, and return how many they were; they are on the disk by then.

        Raises OSError.
        """
        wanted = dict(erased)
        if wanted.keys() <= self._users and self._is_unchanged():
            return 0
        with self._opened() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._read_on(file)
            missing = {user_id: moment for user_id, moment in wanted.items() if user_id not in self._users}
            file.write(_mended(file) + b"".join(_line(*each) for each in missing.items()))
            file.flush()
            os.fsync(file.fileno())
            self._read_on(file)
        return len(missing)

    def _opened(self) -> BinaryIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self._path.exists()
        file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b")
        if is_new:
            _sync_folder(self._path.parent)
        return file

    def _is_unchanged(self) -> bool:
        """Whether the file is as far as we have read it: an operator may have put another in its place."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return (found.st_ino, found.st_size) == (self._inode, self._read_to)

    def _read_on(self, file: BinaryIO) -> None:
        """Take in what was written since the last time."""
        found = os.fstat(file.fileno())
        if found.st_ino != self._inode or found.st_size < self._read_to:
            self._users, self._read_to, self._inode = set(), 0, found.st_ino
        file.seek(self._read_to)
        lines = file.read()
        for line in lines.splitlines():
            self._take_in(line)
        self._read_to += len(lines)

    def _take_in(self, line: bytes) -> None:
        try:
            self._users.add(UUID(json.loads(line)["user_id"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            if line.strip():
                _log.warning("%s: a line that cannot be read was passed over.", self._path)


def _line(user_id: UUID, erased_at: datetime) -> bytes:
    return json.dumps({"user_id": str(user_id), "erased_at": erased_at.isoformat()}).encode() + b"\n"


def _mended(file: BinaryIO) -> bytes:
    """Return what ends the last line, if a crash tore it."""
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return b""
    file.seek(size - 1)
    return b"" if file.read(1) == b"\n" else b"\n"


def _sync_folder(folder: Path) -> None:
    """Have the name of a new file on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
