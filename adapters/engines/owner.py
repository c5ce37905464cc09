"""The blocking API over a keeper: start the engines of a data folder, ask whether they live, stop them."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

from adapters.engines.errors import EnginesBusy, EnginesFailed
from adapters.engines.folder import DataFolder, EngineUrls
from adapters.engines.leftovers import stop_leftovers
from adapters.engines.lock import FolderLock
from adapters.engines.postgres import postgres_answers, postgres_engine
from adapters.engines.valkey import valkey_answers, valkey_engine

_STOP_SECONDS: Final = 10.0
"""How long `stop` waits for the keeper, which itself gives the engines `process.STOP_SECONDS`."""

_SOURCES: Final = Path(__file__).resolve().parents[2]


class Engines:
    """Postgres and Valkey of one data folder, running for this process. Made by `Engines.start`."""

    def __init__(self, folder: DataFolder, keeper: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._keeper = keeper

    @classmethod
    def start(cls, data_dir: Path, report: Callable[[str], None]) -> "Engines":
        """Start both and return when both answer: about 0.2 s, or 1 s where `data_dir` has no data yet.

        The folder is made when absent. `report` gets a line for each step. Raises `EnginesBusy` if another
        process holds the folder and `EnginesFailed` if an engine cannot run. They stop when this process ends.
        """
        folder = DataFolder.at(data_dir)
        engines = cls(folder, _spawn_keeper(folder))
        try:
            engines._await_ready(report)
        except BaseException:
            engines.stop()
            raise
        return engines

    @property
    def urls(self) -> EngineUrls:
        """Where they listen."""
        return self._folder.urls

    def alive(self) -> bool:
        """Whether the keeper lives and both engines answer now."""
        return self._keeper.poll() is None and running_engines(self._folder.root) is not None

    def stop(self) -> None:
        """Stop both, by force after ten seconds. Does nothing the second time."""
        self._tell_keeper()
        try:
            self._keeper.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
        if self._keeper.wait() < 0:  # by a signal: nobody stopped the engines
            _sweep(self._folder)
        _stream(self._keeper.stdout).close()

    def _tell_keeper(self) -> None:
        """Say it in a word: the pipe's end alone would not come while a forked child of ours holds it open."""
        words = _stream(self._keeper.stdin)
        with suppress(BrokenPipeError):
            if not words.closed:
                words.write("stop\n")
                words.close()

    def _await_ready(self, report: Callable[[str], None]) -> None:
        for line in _stream(self._keeper.stdout):
            kind, _, sentence = line.strip().partition(" ")
            if kind == "ready":
                return
            if kind == "busy":
                raise EnginesBusy(sentence)
            if kind == "failed":
                raise EnginesFailed(sentence)
            report(sentence)
        raise EnginesFailed(f"the keeper of the engines in {self._folder.root} ended before they ran")


def running_engines(data_dir: Path) -> EngineUrls | None:
    """Give the addresses of the engines of `data_dir`, whoever started them; None unless both answer now."""
    folder = DataFolder.at(data_dir)
    if postgres_answers(folder.postgres_socket) and valkey_answers(folder.valkey_socket):
        return folder.urls
    return None


def _sweep(folder: DataFolder) -> None:
    """Stop engines without a keeper, unless a new owner has taken the folder over."""
    lock = FolderLock(folder)
    with suppress(EnginesBusy):
        lock.acquire(os.getpid())
        stop_leftovers((postgres_engine(folder), valkey_engine(folder)))
    lock.release()


def _spawn_keeper(folder: DataFolder) -> subprocess.Popen[str]:
    """Start it on our own interpreter and sources: neither the working folder nor an installed copy decides."""
    path = os.pathsep.join(filter(None, (str(_SOURCES), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(  # noqa: S603 - our own module, by a list of words
        [sys.executable, "-P", "-m", "adapters.engines.keeper", str(folder.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )


def _stream(pipe: IO[str] | None) -> IO[str]:
    return cast("IO[str]", pipe)  # both are pipes, by `_spawn_keeper`
