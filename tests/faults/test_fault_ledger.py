"""The ledger and its checkers find what was planted, and nothing where nothing was."""

import time

import pytest
from sqlalchemy import text

from adapters.sql.engine import Connections
from tests.faults.rig.checking import (
    Delivery,
    delivered,
    deliveries,
    event_ids,
    profile_facts,
    role_facts,
    torn,
    unpublished,
)
from tests.faults.rig.ledger import Answer, Attempt, Differences, Ledger
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.writing import append_facts, writers


def note(ledger: Ledger, *answers: Answer) -> None:
    """Have the ledger's next facts end so."""
    for answer in answers:
        ledger.note(Attempt(ledger.begin(), answer, began=1.0, ended=1.5))


def test_what_was_acknowledged_must_be_there_once():
    ledger = Ledger()
    note(ledger, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED)
    assert ledger.compare([3, 1, 2]) == Differences()
    assert ledger.compare([1, 2, 2]) == Differences(lost=frozenset({3}), doubled=frozenset({2}))


@pytest.mark.parametrize("answer", [Answer.REFUSED, Answer.CUT, Answer.HUNG])
def test_what_was_not_acknowledged_may_be_there_and_only_once(answer: Answer):
    ledger = Ledger()
    note(ledger, answer)
    assert ledger.compare([]) == ledger.compare([1]) == Differences()
    assert ledger.compare([1, 1]) == Differences(doubled=frozenset({1}))


def test_a_fact_that_is_under_way_may_be_there_and_one_that_nobody_began_may_not():
    ledger = Ledger()
    under_way = ledger.begin()
    assert ledger.compare([under_way]) == Differences()
    assert ledger.compare([under_way + 1]) == Differences(invented=frozenset({under_way + 1}))


def test_differences_and_a_ledger_can_be_read():
    lost = Differences(lost=frozenset(range(1, 8)), doubled=frozenset({9}))
    assert str(lost) == "7 lost (1, 2, 3, 4, 5, …), 1 doubled (9)"
    assert str(Differences()) == "none"
    ledger = Ledger()
    assert ledger.summary() == "0 facts begun: none ended"
    note(ledger, Answer.ACKNOWLEDGED, Answer.HUNG, Answer.ACKNOWLEDGED)
    assert ledger.summary() == "3 facts begun: 2 acknowledged (at most 0.50 s), 1 hung (at most 0.50 s)"


def test_a_report_counts_and_tells_every_broken_promise():
    ledger, report = Ledger(), Report("F0", "nothing breaks", slack=5.0, runs=1)
    note(ledger, Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGED)
    report.judge(ledger, ledger.compare([1, 2]))
    report.recovered(4.9, 1.0, "coming back")
    assert report.is_kept
    report.judge(ledger, ledger.compare([1, 1]), partial=1, stuck=2)
    report.recovered(5.1, 1.0, "coming back")
    assert (report.facts, report.lost, report.doubled, report.partial, report.stuck) == (4, 1, 1, 1, 2)
    assert report.recoveries == [4.9, 5.1]
    assert report.broken == [
        "run 1: facts 1 lost (2), 1 doubled (1)",
        "run 1: 1 transactions took place in part",
        "run 1: 2 events are stuck",
        "run 1: coming back took 5.10 s of 1",
    ]
    assert not report.is_kept


def test_a_scenario_that_never_ran_kept_nothing():
    assert not Report("F0", "nothing breaks").is_kept


def entry(event: str, version: int, stream: str = "user-1") -> Delivery:
    return Delivery(event, stream, version)


def test_repeated_deliveries_are_counted_and_are_no_disorder():
    found = delivered([entry("a", 1), entry("b", 2), entry("a", 1), entry("b", 2), entry("c", 3)])
    assert (found.events, found.duplicates, found.disorders) == ({"a", "b", "c"}, 2, 0)


def test_an_event_that_comes_before_an_earlier_one_of_its_aggregate_is_a_disorder():
    found = delivered([entry("b", 2), entry("a", 1), entry("x", 1, "user-2"), entry("c", 3)])
    assert found.disorders == 1


async def planted(connections: Connections, *statements: str) -> None:
    async with connections.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))  # past triggers and references
        for statement in statements:
            assert (await connection.execute(text(statement))).rowcount == 1
        await connection.commit()


async def test_facts_written_through_the_api_are_found_and_so_is_what_is_done_to_them(set_stage: Stage):
    server = await set_stage.server()
    async with writers(server.http, count=2) as driver:
        await driver.write_many(6, at_once=2)
        refused = await driver.write(url=f"{server.http}/nowhere")
    assert (refused.answer, refused.status) == (Answer.REFUSED, 404)
    await server.kill()
    ledger = driver.ledger
    async with set_stage.looking() as connection:
        facts = await role_facts(connection)
        assert await torn(connection) == []
    assert (sorted(facts.numbers), facts.partial) == ([1, 2, 3, 4, 5, 6], 0)
    assert ledger.compare(facts.numbers) == Differences()

    doubled = (
        "INSERT INTO role SELECT 'twin', owner_id, position, industry_id, title, duties, aliases, level, version"
        " FROM role WHERE title = 'Fact 2'"
    )
    await planted(set_stage.connections, "DELETE FROM role WHERE title = 'Fact 1'", doubled)
    async with set_stage.looking() as connection:
        facts = await role_facts(connection)
    assert ledger.compare(facts.numbers) == Differences(lost=frozenset({1}), doubled=frozenset({2}))
    assert (facts.without_event, len(facts.without_state)) == ({"twin"}, 1)


async def test_facts_appended_through_units_of_work_are_found_and_so_is_a_torn_stream(set_stage: Stage):
    ledger = Ledger()
    began = time.monotonic()
    await append_facts(set_stage.work, ledger, count=120, per_commit=50)
    assert len(ledger.since(began)) == len(ledger.acknowledged) == 120
    async with set_stage.looking() as connection:
        assert ledger.compare(await profile_facts(connection)) == Differences()
        assert await torn(connection) == []
        assert await unpublished(connection) == 120
        assert len(await event_ids(connection, ["user"])) == 120
        assert await event_ids(connection, ["session"]) == frozenset()

    await planted(
        set_stage.connections,
        "DELETE FROM event_store WHERE data->'fields'->>0 = 'Fact 7'",
        "DELETE FROM outbox WHERE position = (SELECT position FROM event_store WHERE data->'fields'->>0 = 'Fact 9')",
        "UPDATE stream_head SET hash = '' WHERE stream_id = 'user-00000000-0000-0000-0000-00000000000a'",
    )
    async with set_stage.looking() as connection:
        assert ledger.compare(await profile_facts(connection)) == Differences(lost=frozenset({7}))
        assert await torn(connection) == [
            "2 streams whose head is not their last event",  # that of the event which is gone, too
            "1 events without a place in the outbox",
        ]


async def test_entries_of_the_bus_are_read_back_in_their_order(set_stage: Stage):
    async with set_stage.redis() as client:
        for event, version in (("a", 1), ("b", 2), ("a", 1)):
            fields = {"event_id": event, "stream_id": "user-1", "version": version, "data": "{}"}
            await client.xadd("fp:ev:{identity}", fields)
        found = await deliveries(client, ["fp:ev:{identity}", "fp:ev:{practice}"])
    assert found == [entry("a", 1), entry("b", 2), entry("a", 1)]
