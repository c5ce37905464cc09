"""`fluentpro events lag`, `replay` and `dead`, each in a process of its own."""

import asyncio
import os
import sys
from uuid import uuid4

import pytest
from fakes.handlers import Recorder


@pytest.fixture
def fluentpro(world, tmp_path):
    """Run `fluentpro …`; return its exit code, and the lines of stdout and stderr."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
    environ |= {
        "FLUENTPRO_DATABASE_URL": world.database_url,
        "FLUENTPRO_REDIS_URL": world.valkey.url,
        "FLUENTPRO_DATA_DIR": str(tmp_path),
    }

    async def run(*words: str) -> tuple[int, list[str], list[str]]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server.cli", "events", *words),
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        return process.returncode or 0, out.decode().splitlines(), err.decode().splitlines()

    return run


async def test_the_lag_of_every_handler_is_a_line(world, talk, fluentpro):
    await world.record(talk().said())
    code, out, err = await fluentpro("lag")
    assert (code, err) == (0, [])
    assert out[0].split() == ["handler", "behind", "oldest", "tried", "dead"]
    behind = {line.split()[0]: line.split()[1] for line in out[1:-1]}
    assert behind["practice_record"] == behind["audit_search"] == "1"
    assert behind["welcome_mail"] == "0"
    assert out[-1].startswith("unpublished: 1, the oldest for ")


async def test_a_projection_is_replayed_and_nothing_else(world, talk, fluentpro):
    one = talk()
    await world.record(one.started(), one.said(4))
    assert await fluentpro("replay", "practice_record") == (0, ["practice_record: 2 events of 1 streams"], [])
    assert [row.learner_words for row in await world.rows("SELECT * FROM practice_record")] == [4]
    code, _, err = await fluentpro("replay", "welcome_mail")
    assert code == 2
    assert "welcome_mail makes no rows" in " ".join(err)
    code, _, err = await fluentpro("replay", "nobody")
    assert code == 2
    assert "audit_search" in " ".join(err)


async def test_a_stream_that_cannot_be_replayed_is_named(world, talk, fluentpro):
    one = talk()
    await world.record(one.started())
    await world.execute("UPDATE event_store SET schema_version = 9")
    code, out, err = await fluentpro("replay", "practice_record", "--stream", one.stream_id)
    assert (code, out) == (1, ["practice_record: 0 events of 0 streams, 1 streams failed"])
    assert err == [
        f"{one.stream_id} is left as it was: EventTooNew: conversation.started has schema 9, and 1 is the newest known"
    ]


async def test_dead_letters_are_listed_retried_and_discarded(world, talk, fluentpro):
    assert await fluentpro("dead", "list") == (0, ["no dead letters"], [])
    one = talk()
    await world.tell(one.said(7), one.said(7))
    async with world.consuming(handlers=[Recorder(poison={7})]):
        await world.quiet("recorder", "practice")
    first, second = await world.rows("SELECT * FROM dead_letter ORDER BY version")

    code, out, _ = await fluentpro("dead", "list")
    assert code == 0
    assert len(out) == 6
    assert f"{one.stream_id} version 1" in "".join(out)
    assert "HANDLER_FAILED  ValueError: seven is too many" in out[2]

    assert await fluentpro("dead", "retry", str(first.id)) == (
        0,
        [f"recorder tries {one.stream_id} version 1 again once background work runs"],
        [],
    )
    said = [f"recorder goes without {one.stream_id} version 2"]
    assert await fluentpro("dead", "discard", str(second.id)) == (0, said, [])
    states = [row.state for row in await world.rows("SELECT state FROM dead_letter ORDER BY version")]
    assert states == ["queued", "discarded"]
    events = await world.rows("SELECT type, meta FROM event_store WHERE type LIKE 'dead_letter.%' ORDER BY position")
    assert [event.type for event in events] == ["dead_letter.retried", "dead_letter.discarded"]
    assert {event.meta["actor"] for event in events} == {"system:events-command"}

    assert len((await fluentpro("dead", "list"))[1]) == 3
    assert len((await fluentpro("dead", "list", "--closed"))[1]) == 6
    refused = (1, [], ["fluentpro: The dead letter is discarded already."])
    assert await fluentpro("dead", "retry", str(second.id)) == refused
    assert await fluentpro("dead", "retry", str(uuid4())) == (1, [], ["fluentpro: There is no such dead letter."])
