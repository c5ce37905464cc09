"""One leads; who dies, stops or is cut off does not for long."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from faults.rig.proxy import proxied
from integration.bus.stage import Stage, until
from sqlalchemy import make_url

from adapters.sql.leadership import Candidate, LeadershipLost, Term
from domain.shared.errors import Unavailable
from workers.leadership import Led

_LEADER = """
import asyncio, sys
from sqlalchemy import make_url
from adapters.sql.leadership import Candidate
from adapters.telemetry.background_metrics import BackgroundMetrics
from workers.leadership import Led

async def work(term, stopping):
    print("leads", flush=True)
    await stopping.wait()

asyncio.run(Led(Candidate(make_url(sys.argv[1]), "relay"), work, BackgroundMetrics()).run(asyncio.Event()))
"""


class Recorded:
    """Work that notes when it began and how it ended."""

    def __init__(self) -> None:
        self.runs = 0
        self.works = False

    async def __call__(self, _term: Term, stopping: asyncio.Event) -> None:
        self.runs += 1
        self.works = True
        try:
            await stopping.wait()
        finally:
            self.works = False

    async def began(self) -> bool:
        return self.works

    async def ended(self) -> bool:
        return not self.works


@pytest.fixture
async def other(own_database: str, stage: Stage) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process, which leads."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _LEADER, own_database, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert await process.stdout.readline() == b"leads\n"
    yield process
    if process.returncode is None:
        process.send_signal(signal.SIGCONT)
        process.kill()
        await process.wait()


async def test_only_one_leads_and_the_next_may_when_it_ends(stage: Stage) -> None:
    first, second, other_name = stage.candidate(), stage.candidate(), stage.candidate("upkeep")
    term = await first.stand()
    assert term is not None
    assert await second.stand() is None
    elsewhere = await other_name.stand()
    assert elsewhere is not None, "leaderships do not stand in each other's way"
    await term.end()
    with pytest.raises(LeadershipLost):
        await term.beat()
    next_term = await second.stand()
    assert next_term is not None
    await next_term.beat()
    await next_term.end()
    await elsewhere.end()
    await first.withdraw()


async def test_a_leader_that_is_killed_is_followed_within_seconds(stage: Stage, other) -> None:
    work = Recorded()
    stage.run(Led(stage.candidate(), work, stage.metrics).run)
    assert stage.seen("fluentpro_leads") == 0
    other.kill()
    await until(work.began, seconds=5)
    assert stage.seen("fluentpro_leads") == 1


async def test_a_leader_that_is_stopped_is_deposed(stage: Stage, other) -> None:
    work = Recorded()
    stage.run(Led(stage.candidate(), work, stage.metrics).run)
    began = time.monotonic()
    other.send_signal(signal.SIGSTOP)
    await until(work.began, seconds=15)
    assert 3 < time.monotonic() - began < 12, "it has five seconds without a beat"
    other.send_signal(signal.SIGCONT)
    assert work.runs == 1


async def test_the_work_is_cancelled_when_the_connection_ends_and_goes_on_with_the_next(stage: Stage) -> None:
    work = Recorded()
    stage.run(Led(stage.candidate(), work, stage.metrics).run)
    await until(work.began)
    await stage.scalar("SELECT count(pg_terminate_backend(pid)) FROM leadership")

    async def again() -> bool:
        return work.works and work.runs == 2

    await until(again, seconds=5)


async def test_the_work_is_cancelled_when_the_network_swallows_everything(own_database: str, stage: Stage) -> None:
    work = Recorded()
    url = make_url(own_database)
    upstream = Path(str(url.query["host"])) / ".s.PGSQL.5432"
    async with proxied(upstream) as proxy:
        through = url.set(query={}, host="127.0.0.1", port=proxy.port)
        stage.run(Led(Candidate(through, "relay"), work, stage.metrics).run)
        await until(work.began)
        await proxy.swallow()
        await until(work.ended, seconds=8)
        await proxy.restore()
        await until(work.began, seconds=20)


async def test_a_database_that_is_away_is_an_outage_and_no_leadership() -> None:
    nowhere = make_url("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Unavailable):
        await Candidate(nowhere, "relay").stand()


async def test_what_the_work_raises_is_raised_and_the_leadership_is_free(stage: Stage) -> None:
    async def broken(_term: Term, _stopping: asyncio.Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Led(stage.candidate(), broken, stage.metrics).run(asyncio.Event())
    term = await stage.take_office()
    await term.beat()


async def test_a_notice_arrives_over_the_leaders_connection(stage: Stage, term: Term) -> None:
    heard = asyncio.Event()
    await term.listen("somewhere", heard.set)
    await stage.execute("SELECT pg_notify('somewhere', '')")
    async with asyncio.timeout(5):
        await heard.wait()
    await term.end()
    with pytest.raises(LeadershipLost):
        await term.listen("somewhere", heard.set)
