"""`python -m tests.faults.rig.counted COMMAND…`: `fluentpro` that tells on SIGUSR1 how many tasks its loop has."""

import asyncio
import os
import re
import signal
import sys

from .processes import Process
from .waiting import until

_TOLD = re.compile(r"^tasks: ([0-9]+)$", re.MULTILINE)


async def tasks_of(process: Process) -> int:
    """Return how many tasks a process has that runs as this module."""
    before = len(_TOLD.findall(process.log))
    os.kill(process.pid, signal.SIGUSR1)
    await until(lambda: len(_TOLD.findall(process.log)) > before, "it tells its tasks")
    return int(_TOLD.findall(process.log)[-1])


def _tell(_number: int, _frame: object) -> None:
    sys.stderr.write(f"tasks: {len(asyncio.all_tasks())}\n")
    sys.stderr.flush()


def _main() -> None:
    signal.signal(signal.SIGUSR1, _tell)
    from server.cli import main

    main()


if __name__ == "__main__":
    _main()
