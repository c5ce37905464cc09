"""`fluentpro events verify` and `tail` as an operator meets them."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from e2e.command import ROOT, Command, environment, until
from integration.audit.history import MASTER, History
from sqlalchemy import text

from adapters.engines import EngineUrls
from adapters.security.signing_keys import load_or_create_signing_keys
from adapters.sql.engine import Connections
from adapters.sql.event_store import EventAppender
from adapters.sql.personal_fields import Sealer
from domain.identity.events import UserRegistered
from domain.shared.clock import system_clock
from domain.shared.origin import UNKNOWN

Start = Callable[..., Command]


@pytest.fixture
def history(record: Connections, tmp_path: Path) -> History:
    return History(record, keys=load_or_create_signing_keys(tmp_path / "signing.json"))


@pytest.fixture
def environ(record_url: str, engine_urls: EngineUrls, tmp_path: Path) -> dict[str, str]:
    given = {
        "database_url": record_url,
        "redis_url": engine_urls.redis_url,
        "signing_keys": tmp_path / "signing.json",
    }
    return environment(tmp_path / "data", given)


@pytest.fixture
async def start(environ: dict[str, str], tmp_path: Path) -> AsyncIterator[Start]:
    started: list[Command] = []

    def start(*words: str) -> Command:
        folder = tmp_path / f"run{len(started)}"
        folder.mkdir()
        started.append(Command(["events", *words], folder, environ))
        return started[-1]

    yield start
    for command in started:
        await command.stop()
        print(command.story())


async def forge(record: Connections) -> str:
    """Change one event; return its stream."""
    async with record.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        statement = "UPDATE event_store SET type = 'user.cloned' WHERE position = 1 RETURNING stream_id"
        stream = str((await connection.execute(text(statement))).scalar_one())
        await connection.commit()
        return stream


async def test_verify_tells_what_it_looked_at_and_the_first_bad_event(start: Start, history: History, record):
    await history.unfold()
    sound = start("verify")
    assert await sound.ended() == 0
    assert sound.out == "valid: 70 events in 15 streams and 4 checkpoints were checked\n"
    stream = await forge(record)
    forged = start("verify")
    assert await forged.ended() == 1
    assert forged.out.splitlines() == [
        f"NOT VALID: {stream} version 1 has a hash that is not that of its columns",
        "70 events in 15 streams and 4 checkpoints were checked",
    ]


async def test_verify_takes_one_stream_and_public_keys(start: Start, history: History, tmp_path: Path):
    user = await history.user()
    await history.checkpoint()
    public, strange = tmp_path / "jwks.json", tmp_path / "strange.json"
    public.write_text(json.dumps(history.keys.public()))
    strange.write_text('{"keys": []}')
    one = start("verify", "--stream", f"user-{user}", "--keys", str(public))
    unknown_key = start("verify", "--keys", str(strange))
    nowhere = start("verify", "--stream", "user-1")
    endless = start("verify", "--stream", "x" * 300)
    no_keys = start("verify", "--keys", str(tmp_path / "nothing.json"))
    assert await one.ended() == 0
    assert one.out == "valid: 1 events in 1 streams and 1 checkpoints were checked\n"
    assert await unknown_key.ended() == 1
    assert unknown_key.out.startswith("NOT VALID: checkpoint 1 was signed with a key that is not known here: ")
    assert await nowhere.ended() == 1
    assert nowhere.out == "nothing is recorded in user-1\n"
    assert await endless.ended() == 2
    assert "Invalid value for --stream: At most 200 characters are allowed." in endless.err
    assert await no_keys.ended() == 78
    assert no_keys.err.endswith("nothing.json: No such file or directory.\n")


async def test_tail_follows_in_order_and_never_shows_a_personal_value(start: Start, history: History):
    old = await history.user()
    tail = start("tail", "--since", "0")
    await tail.says(f"user-{old} 1  user.registered")
    new = await history.user()
    await tail.says(f"user-{new} 1  user.registered", seconds=5)
    tail.interrupt()
    assert await tail.ended() == 0
    assert tail.out.count("«sealed»") == 4
    assert "example.com" not in tail.out
    assert tail.err == ""


async def test_tail_holds_back_what_is_not_settled(start: Start, history: History):
    late = UserRegistered(user_id=history.id(), email=None, full_name=None)
    tail = start("tail", "--since", "0", "--json")
    async with history.connections.transaction() as connection:
        await EventAppender(connection, Sealer(connection, MASTER)).append([late], {}, UNKNOWN, system_clock())
        user = await history.user()
        done = start("tail", "--since", "0", "--no-follow")
        assert await done.ended() == 0
        assert done.out == ""
        await connection.commit()
    await tail.says(f"user-{user}", seconds=10)
    tail.interrupt()
    assert await tail.ended() == 0
    events = [json.loads(line) for line in tail.out.splitlines()]
    assert [event["stream_id"] for event in events] == [late.stream_id, f"user-{user}"]
    assert events[1]["data"] == {"user_id": str(user), "email": "«sealed»", "full_name": "«sealed»"}
    assert events[0]["position"] < events[1]["position"]


async def test_tail_begins_with_what_comes_and_shows_one_stream(start: Start, history: History):
    first, second = await history.user(), await history.user()
    tail = start("tail", "--stream", f"user-{first}")

    async def shows() -> bool:
        """Go on recording until it has begun."""
        for user in (second, first):
            await history.happen(UserRegistered(user_id=user, email=None, full_name=None))
        return tail.out.count("\n") > 2

    await until(shows)
    shown = [line.split()[2:4] for line in tail.out.splitlines()]
    versions = [int(version) for _, version in shown]
    assert {stream for stream, _ in shown} == {f"user-{first}"}
    assert versions[0] > 1, "what was there before is not shown"
    assert versions == list(range(versions[0], versions[0] + len(versions)))


async def test_tail_goes_on_after_the_database_cut_its_connections(start: Start, history: History):
    tail = start("tail", "--since", "0")
    first = await history.user()
    await tail.says(f"user-{first} 1")
    cut = text(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """
    )
    async with history.connections.reading() as connection:
        await connection.execute(cut)
    await history.connections.engine.dispose()
    second = await history.user()
    await tail.says(f"user-{second} 1", seconds=10)
    tail.interrupt()
    assert await tail.ended() == 0
    assert tail.out.count(f"user-{first} 1 ") == 1, "nothing is shown twice"


async def test_tail_ends_quietly_when_nobody_reads_any_more(environ: dict[str, str], history: History):
    await history.user()
    process, reader = _piped("tail", "--since", "0", environ=environ)
    os.read(reader, 100)
    os.close(reader)
    await until(lambda: _written_on(process, history))
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.returncode == 0


def _piped(*words: str, environ: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start it with its output into a pipe; return the end to read from."""
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "server.cli", "events", *words]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    return process, reader


async def _written_on(process: subprocess.Popen[bytes], history: History) -> bool:
    await history.user()
    return process.poll() is not None
