"""What runs in a task, and what goes on after a failure."""

import asyncio
import logging

import pytest

from domain.shared.tasks import contained, running_task

LOG = logging.getLogger("test")


async def test_the_running_task_is_that_of_whoever_asks() -> None:
    async def ask() -> asyncio.Task:
        return running_task()

    task = asyncio.create_task(ask())
    assert await task is task


async def test_a_callback_runs_in_no_task() -> None:
    told = asyncio.get_running_loop().create_future()

    def ask() -> None:
        try:
            told.set_result(running_task())
        except RuntimeError as error:
            told.set_exception(error)

    asyncio.get_running_loop().call_soon(ask)
    with pytest.raises(RuntimeError, match="task"):
        await told


def test_a_failure_is_logged_and_what_follows_goes_on(caplog) -> None:
    with contained(LOG, "Step %d failed.", 7):
        raise ValueError("a bug")
    assert "Step 7 failed." in caplog.text
    assert "a bug" in caplog.text


async def test_a_cancellation_is_no_failure(caplog) -> None:
    with pytest.raises(asyncio.CancelledError), contained(LOG, "Failed."):
        raise asyncio.CancelledError
    assert caplog.text == ""
