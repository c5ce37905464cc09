"""One timer ends every call at its own deadline."""

import asyncio
import time

import pytest

from server.interruption import DeadlineExceeded
from server.running import Running


class Waiting:
    """A call that notes when and why it is interrupted."""

    def __init__(self, seconds):
        self.deadline = time.monotonic() + seconds
        self.is_stream = False
        self.ended = asyncio.get_running_loop().create_future()

    def interrupt(self, reason):
        if not self.ended.done():  # the first reason counts
            self.ended.set_result((reason, time.monotonic()))


@pytest.fixture
def running():
    return Running()


@pytest.mark.parametrize("order", [(0.02, 0.05, 0.08), (0.08, 0.05, 0.02), (0.05, 0.08, 0.02)])
async def test_each_call_ends_at_its_own_deadline(running, order):
    calls = [Waiting(seconds) for seconds in order]
    for call in calls:
        running.add(call)
    for call in calls:
        reason, at = await call.ended
        assert isinstance(reason, DeadlineExceeded)
        assert at >= call.deadline
        running.discard(call)
    assert running.calls == set()


async def test_a_deadline_that_has_passed_ends_the_call_in_the_next_turn(running):
    call = Waiting(-1.0)
    running.add(call)
    assert not call.ended.done()
    await call.ended


async def test_a_call_that_ended_in_time_is_left_alone(running):
    early, late = Waiting(0.02), Waiting(0.04)
    running.add(early)
    running.add(late)
    running.discard(early)
    await late.ended
    assert not early.ended.done()


async def test_calls_that_come_after_all_others_have_ended_have_deadlines_too(running):
    first = Waiting(0.01)
    running.add(first)
    await first.ended
    running.discard(first)
    second = Waiting(0.01)
    running.add(second)
    await second.ended
