"""Tasks that somebody else stops, and tasks that nothing may end but who has started them."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def running_task() -> asyncio.Task[Any]:
    """Return the task that the caller runs in. Raises RuntimeError in a callback, which runs in none."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("what runs here must run in a task")
    return task


@contextmanager
def contained(log: logging.Logger, message: str, *args: object) -> Iterator[None]:
    """Log a failure of the block with `message % args`, and go on: for one step of what must not end with it."""
    try:
        yield
    except Exception:
        log.exception(message, *args)
