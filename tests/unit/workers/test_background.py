"""The background work of a process, from its first look at the database to its last act."""

import asyncio

import pytest

from adapters.telemetry.background_metrics import BackgroundMetrics
from domain.shared.errors import Unavailable
from workers import background
from workers.background import Background
from workers.supervisor import Part


class Story:
    """Notes what happens, in order."""

    def __init__(self, outages: int = 0) -> None:
        self.lines: list[str] = []
        self.outages = outages
        self.runs = asyncio.Event()

    async def part(self, stopping: asyncio.Event) -> None:
        self.lines.append("part began")
        self.runs.set()
        await stopping.wait()
        self.lines.append("part ended")

    async def usable(self) -> None:
        if self.outages:
            self.outages -= 1
            raise Unavailable("The database does not answer.")

    async def last(self) -> None:
        self.lines.append("last act")

    def background(self) -> Background:
        return Background([Part("part", self.part)], BackgroundMetrics(), self.usable, self.last)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(background, "RETRY_SECONDS", 0.001)


async def _running(story: Story) -> Background:
    work = story.background()
    await work.start()
    async with asyncio.timeout(5):
        await story.runs.wait()
    return work


async def test_the_last_act_comes_after_the_parts_have_ended(caplog) -> None:
    caplog.set_level("INFO")
    story = Story()
    work = await _running(story)
    await work.stop(5)
    assert story.lines == ["part began", "part ended", "last act"]
    assert "background runs: part" in caplog.text


async def test_a_database_that_is_away_is_waited_for_and_told_of_once(caplog) -> None:
    story = Story(outages=5)
    work = await _running(story)
    await work.stop(5)
    assert caplog.text.count("has to wait for the database") == 1


async def test_what_has_not_begun_ends_without_a_last_act() -> None:
    story = Story(outages=1_000_000)
    work = story.background()
    await work.start()
    await asyncio.sleep(0)
    await work.stop(5)
    assert story.lines == []


async def test_in_a_hurry_there_is_no_last_act() -> None:
    story = Story()
    work = await _running(story)
    await work.stop(0)
    assert "last act" not in story.lines


async def test_a_last_act_that_fails_is_told_and_no_more(caplog) -> None:
    story = Story()

    async def fails() -> None:
        raise Unavailable("The database does not answer.")

    work = Background([Part("part", story.part)], BackgroundMetrics(), story.usable, fails)
    await work.start()
    async with asyncio.timeout(5):
        await story.runs.wait()
    await work.stop(5)
    assert "The last act did not come about" in caplog.text


async def test_what_never_started_stops_too() -> None:
    await Story().background().stop(5)
