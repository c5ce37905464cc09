"""What a process uses, as Linux tells it."""

import os
import resource
from collections.abc import Collection
from pathlib import Path

from .figures import Figure


def cpu_seconds(pid: int) -> Figure:
    """Return the CPU time of a process and its threads so far, to 10 ms; None where there is no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return cpu_of_stat(stat, os.sysconf("SC_CLK_TCK"))


def cpu_of_all(pids: Collection[int]) -> Figure:
    """Return the CPU time of some processes together; None where one of them cannot be asked."""
    figures = [seconds for seconds in map(cpu_seconds, pids) if seconds is not None]
    return sum(figures) if len(figures) == len(pids) else None


def cpu_of_stat(stat: str, ticks_per_second: int) -> float:
    """Return utime + stime, in seconds: fields 14 and 15 of proc(5)'s stat."""
    fields = stat.rpartition(")")[2].split()  # the second field is a name, and may hold blanks
    return (int(fields[11]) + int(fields[12])) / ticks_per_second


def resident_megabytes(pid: int) -> Figure:
    """Return the memory of a process that is in RAM, in MB; None where there is no /proc."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def children_of(pid: int) -> tuple[int, ...]:
    """Return the processes that a process has started; none where there is no /proc."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return tuple(int(child) for each in lists for child in each.read_text().split())


def allow_open_files(count: int) -> None:
    """Let this process, and those it starts, have so many files open, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count and soft != resource.RLIM_INFINITY:
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
