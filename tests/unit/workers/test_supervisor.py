"""Parts that fail are started again, and none takes another down."""

import asyncio
import time

import pytest

from adapters.telemetry.background_metrics import BackgroundMetrics
from workers import supervisor
from workers.supervisor import Part, Supervisor


class Faulty:
    """A part that fails so many times, and then works until it is asked to stop."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.works = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        self.works.set()
        await stopping.wait()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(supervisor, "CANCELLED_WITHIN", 0.2)


def supervised(*parts) -> Supervisor:
    running = Supervisor([Part(f"part {number}", part.run) for number, part in enumerate(parts)], BackgroundMetrics())
    running.start()
    return running


async def test_a_part_that_fails_is_started_again_while_the_others_go_on(caplog) -> None:
    faulty, sound = Faulty(3), Faulty(0)
    running = supervised(faulty, sound)
    async with asyncio.timeout(5):
        await sound.works.wait()
        await faulty.works.wait()
    await running.stop(1)
    assert caplog.text.count("The part 0 failed.") == 3
    assert "part 1" not in caplog.text


async def test_delays_double_and_a_restart_is_counted(caplog) -> None:
    metrics, faulty = BackgroundMetrics(), Faulty(3)
    running = Supervisor([Part("faulty", faulty.run)], metrics)
    running.start()
    async with asyncio.timeout(5):
        await faulty.works.wait()
    await running.stop(1)
    assert [f"again in {delay} s" in caplog.text for delay in ("0.001", "0.002", "0.004", "0.008")] == [True] * 3 + [
        False
    ]
    restarts = [sample for metric in metrics.collect() for sample in metric.samples if "restarts" in sample.name]
    assert [(sample.labels, sample.value) for sample in restarts] == [({"part": "faulty"}, 3)]


async def test_a_part_that_ends_unasked_is_started_again() -> None:
    class Brief:
        runs = 0
        twice = asyncio.Event()

        async def run(self, _stopping: asyncio.Event) -> None:
            self.runs += 1
            if self.runs == 2:
                self.twice.set()

    brief = Brief()
    running = supervised(brief)
    async with asyncio.timeout(5):
        await brief.twice.wait()
    await running.stop(1)


async def test_stopping_lets_a_part_end_what_it_has_in_hand() -> None:
    class Thorough:
        ended = False

        async def run(self, stopping: asyncio.Event) -> None:
            await stopping.wait()
            await asyncio.sleep(0.05)  # paces: what it has in hand takes a moment
            self.ended = True

    part = Thorough()
    running = supervised(part)
    await asyncio.sleep(0)
    await running.stop(5)
    assert part.ended


async def test_a_part_that_does_not_end_is_cancelled(caplog) -> None:
    class Stubborn:
        cancelled = False

        async def run(self, _stopping: asyncio.Event) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise

    part = Stubborn()
    running = supervised(part)
    await asyncio.sleep(0)
    await running.stop(0.01)
    assert part.cancelled
    assert "The part 0 did not end in time." in caplog.text


async def test_a_part_that_waits_for_its_next_try_stops_at_once(monkeypatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 30.0)
    faulty = Faulty(1)
    running = supervised(faulty)
    await asyncio.sleep(0)
    assert faulty.failures == 0
    began = time.monotonic()
    await running.stop(10)
    assert time.monotonic() - began < 5
    assert not faulty.works.is_set()


async def test_what_never_started_stops_too() -> None:
    await Supervisor([Part("none", Faulty(0).run)], BackgroundMetrics()).stop(1)
