"""Engines of a data folder that outlived their keeper: found by their command line, and stopped.

A command line can be read across accounts, inside containers too, where a process' folder and program cannot; and a
zombie has none. Under the folder's lock no engine of it can be wanted.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from adapters.engines.process import STOP_SECONDS, Engine

_PROC = Path("/proc")


def stop_leftovers(engines: Sequence[Engine]) -> list[str]:
    """End every process that is one of `engines` from an earlier start; returns what was ended, for a report."""
    found = [(pid, engine) for engine in engines for pid in _processes_of(engine)]
    for pid, engine in found:
        _signal(pid, engine.stop_signal)
    limit = time.monotonic() + STOP_SECONDS
    for pid, engine in found:
        _wait_gone(pid, engine, limit)
    return [f"{engine.name} (process {pid})" for pid, engine in found]


def _wait_gone(pid: int, engine: Engine, limit: float) -> None:
    forced = False
    while pid in _processes_of(engine):
        if not forced and time.monotonic() > limit:
            _signal(pid, signal.SIGKILL)
            forced = True
        time.sleep(0.01)


def _processes_of(engine: Engine) -> list[int]:
    return [pid for pid, line in _command_lines() if _is_engine(line, engine)]


def _is_engine(line: str, engine: Engine) -> bool:
    """Whether a command line begins as the engine's does: any version's program, the same data folder.

    A shell or a debugger that was given such a line as an argument is not one.
    """
    program, flag, folder, *_ = engine.command
    begin, found, _ = f"{line} ".partition(f" {flag} {folder} ")
    return bool(found) and Path(begin).name == Path(program).name and " -" not in begin


def _command_lines() -> Iterator[tuple[int, str]]:
    if not (_PROC / "self/cmdline").exists():
        yield from _listed_by_ps()
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue  # it ended meanwhile
            yield int(entry.name), os.fsdecode(line).replace("\0", " ")


def _listed_by_ps() -> Iterator[tuple[int, str]]:
    """Ask `ps` where there is no /proc (macOS)."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, check=True)  # noqa: S607 - the system's
    for entry in os.fsdecode(listing.stdout).splitlines():
        pid, _, line = entry.strip().partition(" ")
        yield int(pid), line


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
