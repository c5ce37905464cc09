"""R20: readers of one event a second, where a thousand come."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from adapters.live.entries import encode, entry_id
from adapters.live.keys import log_key
from domain.practice.reply import Completed, LogEntry, Position, ReplyEvent, TextDelta
from tests.faults.rig.plan import Scenario
from tests.faults.rig.provider import provider
from tests.faults.rig.report import Report
from tests.faults.rig.slow_reader import SlowReader
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Heard, Listening, Talker, said, talkers
from tests.faults.rig.waiting import until

_READERS = 100
_EVENTS = 10_000
_WIDTH = 64
"""Characters in an event, as many as our own writer puts in one. 3 MB in all: more than the system takes for somebody
who reads nothing (some 1.3 MB on Linux, as long as the window does not grow)."""
_BATCH = 50
_PAUSE = 0.1
_GROWTH_LIMIT = 20.0
"""Megabytes by which the server may grow for all of them."""
_CUT_SECONDS = 45.0
"""A write that is blocked for 30 s, and what the buffers on the way hold."""
_GAP_SECONDS = 1.0
"""The longest that others may wait for a word that is due each 50 ms."""


async def slow_beside_fast(stage: Stage, report: Report) -> None:
    """Have a hundred readers take an event a second of a reply of 10,000; some take nothing more at all."""
    async with provider(words=400, pause=0.05) as partner:
        here, there = await stage.two_servers(**partner.settings, streams_per_user=1000)
        server = stage.processes[1] if stage.processes[1].http == there else stage.processes[0]
        partner.held = {0, 2}
        async with talkers(here, 3) as [talker, neighbour, first]:
            # What one long reply takes once, whoever reads it, is no slow reader's.
            warm = await _held_reply(first, 2, here, there)
            await _speak(stage, warm.generation)
            await warm.over()
            fast = await _held_reply(talker, 0, here, there)
            before = server.megabytes
            slow = _slow_readers(talker, there, fast.generation)
            await until(lambda: all(reader.cursors for reader in slow), "every slow reader has begun", 60.0)
            beside = neighbour.say(there, 1)
            await beside.hears("delta")
            await _speak(stage, fast.generation)
            await fast.over()
            report.faults += len(slow)
            report.require(len(fast.heard) == _EVENTS + 3, f"the fast reader has {len(fast.heard)} events")
            growth = server.megabytes - before
            report.require(growth < _GROWTH_LIMIT, f"the server grew by {growth:.0f} MB")
            _judge_neighbour(report, beside)
            await beside.leave()
            report.notes.append(f"run {report.runs}: the server grew by {growth:.1f} MB")
            await _judge_stalled(report, slow[:3], fast, talker, there)
            for reader in slow:
                await reader.close()


async def _held_reply(talker: Talker, number: int, here: str, there: str) -> Listening:
    """Have a reply begin that its model does not go on with; return how it is read at the other server."""
    asked = talker.say(here, number)
    await asked.hears("started")
    fast = talker.resume(there, asked.generation)
    await fast.hears("started")
    return fast


def _slow_readers(talker: Talker, url: str, generation: str) -> list[SlowReader]:
    path = f"/api/v2/generations/{generation}/events"
    return [SlowReader(url, path, talker.headers) for _ in range(_READERS)]


async def _speak(stage: Stage, generation: str) -> None:
    """Write the reply's log in the place of its producer, who is held: 500 events a second, and the last one."""
    events: list[ReplyEvent] = [TextDelta(f"{number:>{_WIDTH}}") for number in range(_EVENTS)]
    events.append(Completed(uuid4(), "stop"))
    positions = [Position(1, number) for number in range(3, len(events) + 3)]
    entries = [LogEntry(at, at.sequence, event) for at, event in zip(positions, events, strict=True)]
    key = log_key(UUID(generation))
    async with stage.redis() as client:
        for first in range(0, len(entries), _BATCH):
            async with client.pipeline(transaction=False) as pipe:
                for entry in entries[first : first + _BATCH]:
                    pipe.execute_command("XADD", key, entry_id(entry.position), *encode(entry))
                await pipe.execute()
            await asyncio.sleep(_PAUSE)  # paces the reply


def _judge_neighbour(report: Report, beside: Listening) -> None:
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(beside.heard)]
    report.require(said(beside.heard).startswith("<1> 1 2 3 "), "another reply was mixed up")
    report.within(max(gaps), _GAP_SECONDS, "a word of another reply")


async def _judge_stalled(
    report: Report, readers: Sequence[SlowReader], fast: Listening, talker: Talker, url: str
) -> None:
    """Who takes nothing is cut off, and reads on from the cursor: the rest, as the fast reader has it."""
    for reader in readers:
        reader.stall()
    stalled = time.monotonic()
    await asyncio.sleep(_CUT_SECONDS)  # paces: taking nothing is the fault
    for reader in readers:
        reader.hurry()
        await until(lambda reader=reader: reader.is_cut, "who took nothing is cut off")
        cursor = reader.cursors[-1]
        rest = await talker.resume(url, fast.generation, cursor).over()
        expected = _after(fast.heard, cursor)
        report.require(len(expected) > 1, f"a stalled reader had all after {time.monotonic() - stalled:.0f} s")
        report.require([each.data for each in rest.heard] == expected, "who was cut off reads on otherwise")


def _after(events: Sequence[Heard], cursor: str) -> list[str]:
    place = [event.cursor for event in events].index(cursor)
    return [event.data for event in events[place + 1 :]]


SCENARIOS = (
    Scenario(
        id="R20",
        promise=f"{_READERS} readers take an event a second of a reply of {_EVENTS:,} events: the server grows by less "
        f"than {_GROWTH_LIMIT:g} MB, a fast reader and other replies notice nothing; who takes nothing for 30 s is cut "
        "off, and reads on from the cursor",
        run=slow_beside_fast,
        smoke=0,
    ),
)
