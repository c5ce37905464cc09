"""Work that ends when it is asked to."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Stopping: TypeAlias = asyncio.Event
"""Set when a process is asked to stop: take nothing new, and end what is in hand."""

Run: TypeAlias = Callable[[Stopping], Awaitable[None]]
"""Works until it is asked to stop, and returns when what it had in hand is done."""


async def first_of(*works: Awaitable[Any]) -> None:
    """Return, or raise, as soon as one of them does, with the others cancelled and ended.

    Of several that ended at the same moment the first that failed counts.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in ended:
        task.result()


async def rest(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def until_asked(work: Callable[[], Awaitable[Any]]) -> Run:
    """Make of work that goes on until it is cancelled one that ends when it is asked to."""

    async def run(stopping: Stopping) -> None:
        await first_of(stopping.wait(), work())

    return run
