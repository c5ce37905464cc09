"""The relay on real engines: nothing lost, order kept, and again only what had to be."""

import asyncio
import json
from collections.abc import Sequence
from uuid import uuid4

import pytest
from faults.rig.proxy import proxied
from integration.bus.stage import IDENTITY, ONBOARDING, Stage, change, until

from adapters.bus.connection import BusUnavailable
from adapters.failpoints import FailpointHit
from adapters.sql.engine import Connections
from adapters.sql.leadership import LeadershipLost
from adapters.sql.outbox import Outbox, Step
from domain.identity.events import UserRegistered
from domain.shared.errors import Unavailable
from workers.relay import Relay


async def test_an_entry_says_what_happened_without_what_is_personal(stage: Stage, term) -> None:
    user = uuid4()
    await stage.append(UserRegistered(user_id=user, email="mia@example.com", full_name="Mia"))
    await stage.relay().publish(term)
    (entry,) = await stage.entries(IDENTITY)
    assert json.loads(entry.pop("data")) == {"user_id": str(user)}
    assert entry.pop("occurred_at").endswith("+00:00")
    assert entry.pop("event_id")
    assert entry == {
        "type": "user.registered",
        "schema_version": "2",
        "stream_id": f"user-{user}",
        "version": "1",
        "position": "1",
        "traceparent": "",
        "correlation_id": "",
    }


async def test_each_event_is_published_once_and_in_the_order_of_its_stream(stage: Stage) -> None:
    stage.run_relay(stage.relay(batch=7))
    users = [uuid4() for _ in range(6)]

    async def write(user) -> None:
        for number in range(20):
            await stage.append(*[change(user, f"{number}")] * (1 + number % 3))

    await asyncio.gather(*map(write, users))
    await stage.until_published()
    assert await stage.versions_by_stream() == {f"onboarding-{user}": list(range(1, 40)) for user in users}
    assert stage.seen("fluentpro_relay_entries_published_total") == 6 * 39


async def test_an_event_is_on_the_bus_long_before_the_next_poll(stage: Stage) -> None:
    stage.run_relay()
    user = uuid4()
    await stage.append(change(user))
    await stage.until_versions(1)
    await stage.append(change(user))
    await stage.until_versions(1, 2, seconds=0.5)


async def test_a_crash_before_the_entries_are_added_costs_nothing(stage: Stage, fail_at) -> None:
    await stage.append(*[change(uuid4())] * 3)
    fail_at("relay.before_xadd")
    with pytest.raises(FailpointHit):
        await stage.relay().publish(await stage.take_office())
    assert await stage.versions() == []
    await stage.relay().publish(await stage.take_office())
    assert await stage.versions() == [1, 2, 3]


async def test_a_crash_before_the_mark_publishes_that_batch_again_and_no_other(stage: Stage, fail_at) -> None:
    user = uuid4()
    await stage.append(change(user))
    await stage.relay().publish(await stage.take_office())
    await stage.append(*[change(user)] * 2)
    fail_at("relay.after_xadd")
    with pytest.raises(FailpointHit):
        await stage.relay().publish(await stage.take_office())
    assert await stage.unpublished() == 2
    relay, term = stage.relay(), await stage.take_office()
    await relay.publish(term)
    await relay.publish(term)
    assert await stage.versions() == [1, 2, 3, 2, 3]
    assert await stage.unpublished() == 0


async def test_a_crash_after_the_mark_costs_nothing(stage: Stage, fail_at) -> None:
    await stage.append(*[change(uuid4())] * 2)
    fail_at("relay.after_mark")
    with pytest.raises(FailpointHit):
        await stage.relay().publish(await stage.take_office())
    await stage.relay().publish(await stage.take_office())
    assert await stage.versions() == [1, 2]


class StumblingOutbox(Outbox):
    """Its first mark finds no database."""

    def __init__(self, connections: Connections) -> None:
        super().__init__(connections)
        self._stumbles = 1

    async def mark(self, steps: Sequence[Step]) -> set[str]:
        if self._stumbles:
            self._stumbles -= 1
            raise Unavailable("The database does not answer.")
        return await super().mark(steps)


async def test_a_mark_that_failed_is_made_up_for_without_publishing_again(stage: Stage, term) -> None:
    await stage.append(*[change(uuid4())] * 2)
    relay = stage.relay(outbox=StumblingOutbox(stage.sql))
    with pytest.raises(Unavailable):
        await relay.publish(term)
    assert await stage.unpublished() == 2
    await relay.publish(term)
    assert await stage.versions() == [1, 2]
    assert await stage.unpublished() == 0


async def test_what_was_not_passed_is_published_again_when_redis_was_emptied(stage: Stage, term) -> None:
    done, open_ = uuid4(), uuid4()
    await stage.append(*[change(done)] * 2)
    await stage.append(*[change(open_)] * 3)
    relay = stage.relay()
    await relay.publish(term)
    await stage.passed(done, 2)
    await stage.passed(open_, 1)
    await stage.redis.flushall()
    assert await relay.publish(term), "it has noticed, and knows that there is more to do"
    await relay.publish(term)
    assert await stage.versions() == [2, 3]
    assert stage.seen("fluentpro_bus_losses_total") == 1
    assert stage.seen("fluentpro_bus_republished_total") == 2


async def test_a_redis_with_an_older_tail_gets_what_it_lost(stage: Stage, term) -> None:
    user = uuid4()
    relay = stage.relay()
    await stage.append(*[change(user)] * 2)
    await relay.publish(term)
    older = await stage.redis.dump(ONBOARDING)
    await stage.append(*[change(user)] * 2)
    await relay.publish(term)
    await stage.redis.restore(ONBOARDING, 0, older, replace=True)
    await stage.append(change(user))
    while await relay.publish(term):
        pass
    assert await stage.versions() == [1, 2, 1, 2, 3, 4, 5]
    assert stage.seen("fluentpro_bus_losses_total") == 1


async def test_an_idle_relay_notices_that_redis_was_emptied(stage: Stage) -> None:
    await stage.append(change(uuid4()))
    stage.run_relay()
    await stage.until_versions(1)
    await stage.redis.flushall()
    await stage.until_versions(1, seconds=5)


async def test_a_relay_that_was_replaced_without_noticing_writes_nothing(stage: Stage) -> None:
    user = uuid4()
    await stage.append(change(user))
    zombie, old_term = stage.relay(), await stage.take_office()
    await zombie.publish(old_term)
    new_term = await stage.take_office()
    await stage.append(change(user))
    await stage.relay().publish(new_term)
    await stage.append(change(user))
    assert await zombie.publish(old_term), "it was refused, and has to look"
    assert await stage.versions() == [1, 2]
    with pytest.raises(LeadershipLost):
        await zombie.publish(old_term)
    assert await stage.versions() == [1, 2]


async def test_a_replaced_relay_marks_nothing_either(stage: Stage, fail_at) -> None:
    await stage.append(change(uuid4()))
    zombie = stage.relay()
    fail_at("relay.after_xadd")
    with pytest.raises(FailpointHit):
        await zombie.publish(await stage.take_office())
    relay, term = stage.relay(), await stage.take_office()
    fail_at("relay.before_xadd")
    with pytest.raises(FailpointHit):
        await relay.publish(term)  # it has taken note of where the streams stand
    assert await Outbox(stage.sql).mark([Step(ONBOARDING, "0-0", "1-1", (1,))]) == set()
    assert await stage.unpublished() == 1


async def test_one_of_two_relays_works_and_the_other_takes_over(stage: Stage) -> None:
    user = uuid4()
    stop_first = stage.run_relay()
    await stage.append(change(user))
    await stage.until_versions(1)
    stage.run_relay()
    await stage.append(change(user))
    await stage.until_versions(1, 2)
    stop_first.set()
    await stage.append(change(user))
    await stage.until_versions(1, 2, 3, seconds=5)


async def test_long_data_is_left_out_and_said_to_be(stage: Stage, term) -> None:
    user = uuid4()
    await stage.append(change(user, "x" * 5_000_000), change(user, "x" * 60_000), change(user, "é" * 40_000))
    await stage.relay().publish(term)
    long, fits, many_bytes = await stage.entries()
    assert (long["data"], long["data_omitted"]) == ("", "1")
    assert json.loads(fits["data"])["language_id"] == "x" * 60_000
    assert "data_omitted" not in fits
    assert (many_bytes["data"], many_bytes["data_omitted"]) == ("", "1")
    assert await stage.unpublished() == 0


async def test_a_backlog_of_long_events_goes_in_batches_of_some_megabytes(stage: Stage, term) -> None:
    user = uuid4()
    for _ in range(3):
        await stage.append(*[change(user, "x" * 65_000)] * 30)
    relay = stage.relay()
    assert await relay.publish(term), "there is more"
    assert 60 <= len(await stage.versions()) <= 70
    assert not await relay.publish(term)
    assert await stage.versions() == list(range(1, 91))
    assert await stage.unpublished() == 0


async def test_events_of_an_unknown_stream_do_not_stop_the_relay(stage: Stage, term) -> None:
    await stage.append(change(uuid4()))
    await stage.execute(
        "INSERT INTO event_store (position, stream_id, version, event_id, type, schema_version, data, meta,"
        " occurred_at, previous_hash, hash) SELECT nextval('event_store_position_seq'), 'ghost-1', 1,"
        " gen_random_uuid(), 'ghost.seen', 1, '{}', '{}', now(), '', ''"
    )
    await stage.execute("INSERT INTO outbox SELECT position FROM event_store WHERE stream_id = 'ghost-1'")
    await stage.append(change(uuid4()))
    relay = stage.relay()
    while await relay.publish(term):
        pass
    assert await stage.versions() == [1, 1]
    assert await stage.unpublished() == 0
    assert stage.seen("fluentpro_relay_unroutable_total") == 1


@pytest.mark.parametrize(
    ("refuse", "allow", "word"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "OutOfMemory"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "ReadOnly"),
    ],
    ids=["out of memory", "read-only"],
)
async def test_the_outbox_grows_while_redis_refuses_and_drains_after(stage: Stage, term, refuse, allow, word) -> None:
    relay = stage.relay()
    await stage.redis.execute_command(*refuse)
    await stage.append(*[change(uuid4())] * 3)
    with pytest.raises(BusUnavailable, match=word):
        await relay.publish(term)
    assert await stage.unpublished() == 3
    await stage.redis.execute_command(*allow)
    await relay.publish(term)
    assert await stage.versions() == [1, 2, 3]
    assert await stage.unpublished() == 0


async def test_a_redis_that_is_away_is_waited_for(stage: Stage) -> None:
    user = uuid4()
    stage.run_relay()
    await stage.append(change(user))
    await stage.until_versions(1)
    stage.valkey.kill()
    await stage.append(change(user))
    await stage.valkey.start()  # without its data
    await stage.until_versions(1, 2, seconds=5)
    assert stage.seen("fluentpro_bus_losses_total") == 1


async def test_a_network_that_swallows_everything_is_noticed_and_the_relay_goes_on_after(stage: Stage) -> None:
    user = uuid4()
    async with proxied(stage.valkey.socket) as proxy:
        relay = stage.relay(redis=stage.redis_at(f"redis://127.0.0.1:{proxy.port}"))
        stage.run_relay(relay)
        await stage.append(change(user))
        await stage.until_versions(1)
        await proxy.swallow()
        await stage.append(change(user))
        await until(lambda: _waits(relay), seconds=8)
        await proxy.restore()
        await stage.until_versions(1, 2, seconds=8)


async def _waits(relay: Relay) -> bool:
    return "no answer" in relay.waits_for
