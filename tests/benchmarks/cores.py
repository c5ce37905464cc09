"""Which core works on what: the server has one to itself, the load and the engines share the others."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Cores:
    """Two sets of cores that have none in common."""

    server: frozenset[int]
    load: frozenset[int]


def divide() -> Cores | None:
    """Divide the cores that we may use; None where there is one alone, or where processes cannot be pinned."""
    if not hasattr(os, "sched_setaffinity") or not _PROC.is_dir():
        return None
    first, *others = sorted(os.sched_getaffinity(0))
    return Cores(frozenset([first]), frozenset(others)) if others else None


def pin(pid: int, cores: frozenset[int]) -> None:
    """Keep a process to these cores with all the threads it has; what they start stays there too."""
    for thread in (_PROC / str(pid) / "task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)
