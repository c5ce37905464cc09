"""What is trimmed, and what never is."""

from uuid import uuid4

import pytest
from integration.bus.stage import HANDLERS, ONBOARDING, Stage, change, until

from adapters.bus.trimming import trim
from domain.shared.clock import system_clock
from workers.upkeep import Upkeep


@pytest.fixture
async def published(stage: Stage, term) -> Stage:
    """Five entries."""
    await stage.append(*[change(uuid4())] * 5)
    await stage.relay().publish(term)
    return stage


async def _read(stage: Stage, group: str, count: int, acknowledge: tuple[int, ...]) -> None:
    await stage.redis.xgroup_create(ONBOARDING, group, id="0")
    if not count:
        return
    ((_key, entries),) = await stage.redis.xreadgroup(group, "reader", {ONBOARDING: ">"}, count=count)
    for number in acknowledge:
        await stage.redis.xack(ONBOARDING, group, entries[number - 1][0])


@pytest.mark.parametrize(
    ("groups", "left"),
    [
        ({"done": (5, (1, 2, 3, 4, 5))}, []),
        ({"half": (3, (1, 2, 3))}, [4, 5]),
        ({"owes the second": (5, (1, 3, 4, 5))}, [2, 3, 4, 5]),
        ({"has read nothing": (0, ())}, [1, 2, 3, 4, 5]),
        ({"done": (5, (1, 2, 3, 4, 5)), "owes the fourth": (4, (1, 2, 3))}, [4, 5]),
        ({}, []),
    ],
    ids=str,
)
async def test_what_a_group_has_not_acknowledged_is_never_trimmed(published: Stage, groups, left) -> None:
    for group, (count, acknowledge) in groups.items():
        await _read(published, group, count, acknowledge)
    state = await trim(published.redis, ONBOARDING, keep_seconds=-10)
    assert await published.versions() == left
    assert state is not None
    assert (state.entries, state.trimmed) == (len(left), 5 - len(left))


async def test_what_is_young_is_kept_though_everybody_has_it(published: Stage) -> None:
    await _read(published, "done", 5, (1, 2, 3, 4, 5))
    state = await trim(published.redis, ONBOARDING, keep_seconds=60)
    assert await published.versions() == [1, 2, 3, 4, 5]
    assert state is not None
    assert state.oldest_unacknowledged == 0


async def test_the_age_of_what_a_group_still_needs_is_told(published: Stage) -> None:
    await published.redis.xadd("fp:ev:{practice}", {"type": "long.ago"}, id="1000-0")
    await published.redis.xgroup_create("fp:ev:{practice}", "slow", id="0")
    state = await trim(published.redis, "fp:ev:{practice}", keep_seconds=60)
    assert state is not None
    assert state.oldest_unacknowledged > 1_000_000_000


async def test_a_stream_that_is_not_there_is_left_alone(stage: Stage) -> None:
    assert await trim(stage.redis, ONBOARDING, keep_seconds=0) is None


def _upkeep(stage: Stage, keep_seconds: float) -> Upkeep:
    return Upkeep(stage.sql, stage.redis, HANDLERS, keep_seconds, stage.metrics, system_clock)


async def test_the_outbox_forgets_what_every_handler_has_passed_and_nothing_else(published: Stage, term) -> None:
    user = uuid4()
    await published.append(*[change(user)] * 2)
    await published.relay().publish(term)
    first = await published.scalar("SELECT stream_id FROM event_store ORDER BY position LIMIT 1")
    await published.execute("INSERT INTO handler_position VALUES ('everything', :stream, 5)", stream=first)
    await published.passed(user, 1)
    upkeep = _upkeep(published, keep_seconds=-10)
    await upkeep.look()
    await upkeep.forget()
    assert await published.scalar("SELECT count(*) FROM outbox") == 1
    assert await published.scalar("SELECT count(*) FROM event_store") == 7


async def test_upkeep_measures_how_far_everybody_is(published: Stage) -> None:
    await published.append(change(uuid4()))
    upkeep = _upkeep(published, keep_seconds=60)
    await upkeep.look()
    await upkeep.trim()
    assert published.seen("fluentpro_relay_unpublished_events") == 1
    assert published.seen("fluentpro_handler_behind_events") == 6
    assert published.seen("fluentpro_bus_entries") == 5


async def test_a_process_that_leads_no_more_shows_no_lag(published: Stage) -> None:
    stopping = published.run(lambda stopping: _upkeep(published, keep_seconds=60).run(None, stopping))

    async def shows() -> bool:
        return published.seen("fluentpro_bus_entries") == 5

    async def hides() -> bool:
        return published.seen("fluentpro_bus_entries") is None

    await until(shows)
    stopping.set()
    await until(hides)
