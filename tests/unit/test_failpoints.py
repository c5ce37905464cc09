"""Failpoints: what the setting says, and what then happens at the places it names."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.failpoints import FailpointHit, Failpoints, arm, reach, reach_now

ROOT = Path(__file__).parents[2]
HERE, ELSEWHERE = "uow.before_commit", "uow.after_commit"


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm(None)


async def hits(times: int) -> list[int]:
    """Reach a place so often, and return the times at which it failed, counted from 1."""
    failed = []
    for time_ in range(1, times + 1):
        try:
            await reach(HERE)
        except FailpointHit:
            failed.append(time_)
    return failed


async def test_unarmed_nothing_happens():
    arm(Failpoints.parse(f"{HERE}=error"))
    arm(None)
    assert await hits(3) == []


async def test_without_a_when_it_happens_every_time_and_nowhere_else():
    arm(Failpoints.parse(f"{HERE}=error"))
    await reach(ELSEWHERE)
    assert await hits(3) == [1, 2, 3]


async def test_a_whole_number_is_the_one_time_it_happens():
    arm(Failpoints.parse(f" {HERE}=error@3 ; "))
    assert await hits(5) == [3]


async def test_arming_counts_anew():
    for _ in range(2):
        arm(Failpoints.parse(f"{HERE}=error@2"))
        assert await hits(2) == [2]


async def test_a_chance_comes_true_about_as_often_as_it_says_and_the_seed_says_when():
    drawn = []
    for seed in (7, 7, 8):
        arm(Failpoints.parse(f"{HERE}=error@0.1;seed={seed}"))
        drawn.append(await hits(1000))
    assert drawn[0] == drawn[1] != drawn[2]
    assert 60 < len(drawn[0]) < 140


async def test_an_error_names_the_place():
    arm(Failpoints.parse(f"{HERE}=error"))
    with pytest.raises(FailpointHit, match=HERE):
        await reach(HERE)
    with pytest.raises(FailpointHit, match=HERE):
        reach_now(HERE)


async def test_a_delay_lets_other_tasks_run():
    arm(Failpoints.parse(f"{HERE}=delay:0.05"))
    began, reaching = time.monotonic(), asyncio.create_task(reach(HERE))
    await asyncio.sleep(0)
    assert not reaching.done()
    await reaching
    assert time.monotonic() - began >= 0.05


def test_a_delay_without_a_loop_holds_the_thread():
    arm(Failpoints.parse(f"{HERE}=delay:0.05"))
    began = time.monotonic()
    reach_now(HERE)
    assert time.monotonic() - began >= 0.05


def reaching(action: str) -> subprocess.Popen[str]:
    """Start a process that reaches one place with this action, and says so before and after."""
    script = f"""
from adapters.failpoints import Failpoints, arm, reach_now
arm(Failpoints.parse("{HERE}={action}"))
print("before", flush=True)
reach_now("{HERE}")
print("after", flush=True)
"""
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_kill_ends_the_process_as_kill_9_does():
    process = reaching("kill")
    assert process.communicate(timeout=20)[0] == "before\n"
    assert process.returncode == -signal.SIGKILL


def test_pause_stops_the_process_until_somebody_continues_it():
    process = reaching("pause")
    assert process.stdout is not None
    assert process.stdout.readline() == "before\n"
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=20)[0] == "after\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("uow.nowhere=kill", "entry 1 names no failpoint; there are consumer.after_ack, "),
        (HERE, "entry 1 is not name=kill"),
        (f"{HERE}=melt", "entry 1 is not name=kill"),
        (f"{HERE}=delay", "entry 1 is not name=kill"),
        (f"{HERE}=kill:3", "entry 1 is not name=kill"),
        (f"{HERE}=kill@0", "entry 1 has after its @ neither"),
        (f"{HERE}=kill@1.5", "entry 1 has after its @ neither"),
        (f"{HERE}=kill@0.0", "entry 1 has after its @ neither"),
        (f"{HERE}=kill;{HERE}=error", "entry 2 names a failpoint for the second time"),
        (f"seed=x;{HERE}=kill", "entry 1 is not name=kill"),
        ("a=b;c=d", "; entry 2 is not name=kill"),
    ],
)
def test_a_wrong_entry_is_told_by_its_number(text: str, reason: str):
    with pytest.raises(ValueError, match="entry") as refused:
        Failpoints.parse(text)
    assert reason in str(refused.value)
