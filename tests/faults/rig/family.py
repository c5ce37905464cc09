"""Signals for a process and everything below it."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def family(pid: int) -> tuple[int, ...]:
    """Return a process and all below it, as Linux tells it; a process that is gone has nobody."""
    found = [pid]
    for each in found:
        lists = Path(f"/proc/{each}/task").glob("*/children")
        with suppress(OSError):
            found.extend(int(child) for each_list in lists for child in each_list.read_text().split())
    return tuple(found)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and all below it, from the top: a parent that is stopped starts nobody anew.

    Who is to be killed is stopped first, and killed from the bottom: a stopped child whose parent dies before it is
    woken up by the kernel, and would go on for a moment.
    """
    if number is signal.SIGKILL:
        send(pid, signal.SIGSTOP)
    members = family(pid)
    for each in reversed(members) if number is signal.SIGKILL else members:
        with suppress(ProcessLookupError):
            os.kill(each, number)
