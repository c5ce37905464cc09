"""The example of a consumer, as a process on a real Valkey: killed, cut off and told everything three times."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from e2e.command import ROOT, until
from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError

Entry = dict[str, Any]

FOLDER = ROOT / "examples/consumer"
GUIDE = ROOT / "docs/guide/consume-events.md"
SEED = 6
WINDOW = 50


def _entry(kind: str, aggregate: str, version: int, **data: object) -> Entry:
    return {
        "event_id": str(uuid4()),
        "type": kind,
        "schema_version": 1,
        "stream_id": f"conversation-{aggregate}",
        "version": version,
        "position": version,
        "occurred_at": "2026-11-23T10:00:00+00:00",
        "traceparent": "",
        "correlation_id": "test",
        "data": json.dumps({"conversation_id": aggregate, **data}),
    }


def _talk(turns: int) -> list[Entry]:
    """The events of one conversation, in order; a turn of the learner has as many words as its place."""
    talk = str(uuid4())
    began = _entry("conversation.started", talk, 1, user_id=str(UUID(int=7)), scenario_id="early_check_in")
    said = [
        _entry("conversation.turn_added", talk, turn + 1, author=("partner", "learner")[turn % 2], words=turn)
        for turn in range(1, turns + 1)
    ]
    return [began, *said, _entry("conversation.ended", talk, turns + 2, turns=turns)]


def _row(talk: Sequence[Entry]) -> tuple[str, int, int, int]:
    """What the consumer must make of a talk that `_talk` made."""
    words = [turn for turn in range(1, len(talk) - 1) if turn % 2]
    return json.loads(talk[0]["data"])["conversation_id"], 1, len(words), sum(words)


def _interleaved(chance: random.Random, talks: Sequence[Sequence[Entry]]) -> list[Entry]:
    rest = [list(talk) for talk in talks]
    return [chance.choice([talk for talk in rest if talk]).pop(0) for _ in range(sum(map(len, talks)))]


def _thrice_and_shuffled(chance: random.Random, entries: Sequence[Entry]) -> list[Entry]:
    """Each three times, no further from its place than the window."""
    places = [(index + chance.uniform(0, WINDOW), entry) for index, entry in enumerate(entries) for _ in range(3)]
    return [entry for _, entry in sorted(places, key=lambda place: place[0])]


@dataclass
class Feed:
    """A stream of this test's own, the database of its consumers, and the processes that it started."""

    redis: Redis
    url: str
    folder: Path
    area: str = field(default_factory=lambda: f"test-{uuid4().hex}")
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def stream(self) -> str:
        return f"fp:ev:{{{self.area}}}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def add(self, entries: Sequence[Entry]) -> None:
        with self.redis.pipeline(transaction=True) as pipe:  # at once, as the relay adds a batch
            for entry in entries:
                pipe.xadd(self.stream, entry)
            pipe.execute()

    def start(self, *words: str, name: str = "one", url: str = "") -> "subprocess.Popen[bytes]":
        options = ["--area", self.area, "--name", name, "--database", str(self.folder / "practice.sqlite"), *words]
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "feed", url or self.url, *options]
            self.processes.append(subprocess.Popen(command, cwd=FOLDER, stderr=log))
        return self.processes[-1]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "practice.sqlite", timeout=10)) as database:
            return database.execute(query).fetchall()

    def talks(self) -> set[tuple[Any, ...]]:
        return set(self.rows("SELECT conversation_id, has_ended, learner_turns, learner_words FROM talk"))

    def handled(self) -> int:
        """How many versions are done; 0 before there is a database."""
        try:
            return self.rows("SELECT coalesce(sum(version), 0) FROM handled")[0][0]
        except sqlite3.OperationalError:
            return 0

    def pending(self) -> int:
        try:
            return self.redis.xpending(self.stream, "practice-report")["pending"]
        except ResponseError:
            return -1  # there is no group yet

    async def idle(self, count: int) -> None:
        """Return once so many versions are done and nothing is left to acknowledge."""
        await until(lambda: self.handled() >= count and self.pending() == 0, 30)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Have the database to oneself: a consumer reads entries, and waits before it writes."""
        with contextlib.closing(sqlite3.connect(self.folder / "practice.sqlite", isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")

    def kill(self) -> None:
        self.processes[-1].kill()
        self.processes[-1].wait()


@pytest.fixture
def feed(redis_url: str, tmp_path: Path) -> Iterator[Feed]:
    redis = Redis.from_url(redis_url, protocol=2, decode_responses=True)
    feed = Feed(redis, redis_url, tmp_path)
    yield feed
    for process in feed.processes:
        process.kill()
        process.wait()
    redis.delete(feed.stream)
    redis.close()


async def test_every_effect_is_there_once_though_the_consumer_is_killed_and_told_all_three_times(feed: Feed):
    chance = random.Random(SEED)
    talks = [_talk(turns) for turns in range(1, 41)]
    entries = _thrice_and_shuffled(chance, _interleaved(chance, talks))
    feed.start()
    for begin in range(0, len(entries), 400):
        before = feed.handled()
        feed.add(entries[begin : begin + 400])
        await until(lambda before=before: feed.handled() > before)
        feed.kill()
        feed.start()
    await feed.idle(sum(map(len, talks)))
    assert feed.talks() == {_row(talk) for talk in talks}
    assert feed.rows("SELECT * FROM refused") == feed.rows("SELECT * FROM waiting") == []


async def test_a_death_before_the_commit_leaves_nothing_and_nothing_is_lost(feed: Feed):
    talk = _talk(6)
    feed.start()
    await until(lambda: feed.pending() == 0)
    with feed.alone():
        feed.add(talk)
        await until(lambda: feed.pending() == len(talk))
        feed.kill()
    assert (feed.handled(), feed.pending()) == (0, len(talk))
    feed.start()
    await feed.idle(len(talk))
    assert feed.talks() == {_row(talk)}


async def test_a_death_between_commit_and_acknowledgement_does_nothing_twice(feed: Feed):
    talk = _talk(6)
    feed.start()
    await until(lambda: feed.pending() == 0)
    with feed.alone():
        feed.add(talk)
        await until(lambda: feed.pending() == len(talk))
        feed.redis.client_pause(20_000, all=False)  # no acknowledgement gets through
    try:
        await until(lambda: feed.handled() == len(talk))
        feed.kill()
    finally:
        feed.redis.client_unpause()
    assert feed.pending() == len(talk)
    feed.start()
    await feed.idle(len(talk))
    assert feed.talks() == {_row(talk)}


async def test_a_group_that_begins_again_changes_nothing(feed: Feed):
    talk = _talk(6)
    feed.add(talk)
    feed.start()
    await feed.idle(len(talk))
    feed.redis.xgroup_setid(feed.stream, "practice-report", "0")
    marker = _talk(1)
    feed.add(marker)
    await feed.idle(len(talk) + len(marker))
    assert feed.talks() == {_row(talk), _row(marker)}


async def test_what_a_dead_consumer_held_goes_to_another(feed: Feed):
    talk = _talk(6)
    feed.add(talk)
    feed.redis.xgroup_create(feed.stream, "practice-report", id="0")
    feed.redis.xreadgroup("practice-report", "dead", {feed.stream: ">"}, count=3)
    held = [each["message_id"] for each in feed.redis.xpending_range(feed.stream, "practice-report", "-", "+", 9)]
    feed.redis.xclaim(feed.stream, "practice-report", "dead", 0, held, idle=31_000, justid=True)  # time goes by
    feed.start(name="other")
    await feed.idle(len(talk))
    assert feed.talks() == {_row(talk)}


async def test_types_that_are_unknown_and_schemas_that_are_newer_are_no_trouble(feed: Feed):
    talk = _talk(3)
    unknown = {**talk[1], "type": "conversation.dreamt", "data": "{}"}
    newer = {**talk[0], "schema_version": 9, "data": json.dumps({**json.loads(talk[0]["data"]), "mood": "fine"})}
    late = [{**entry, "version": entry["version"] + 1} for entry in talk[1:]]
    feed.add([{**newer, "mood": "a field of tomorrow"}, {**unknown, "version": 2}, *late])
    feed.start()
    await feed.idle(len(talk) + 1)
    assert feed.talks() == {_row(talk)}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"data": "{"}, "JSONDecodeError"),
        ({"data": "[]"}, "no JSON object"),
        ({"version": "0"}, "0 counts nothing"),
        ({"version": "9" * 30}, "counts nothing"),
        ({"data": "{}"}, "KeyError: 'author'"),
        ({"data": "", "data_omitted": "1"}, "KeyError: 'author'"),
    ],
    ids=["no JSON", "no object", "no version", "no number of ours", "a field missing", "data left out"],
)
async def test_what_cannot_be_handled_is_kept_for_a_person_and_the_rest_goes_on(feed: Feed, broken: Entry, reason: str):
    talk, other = _talk(3), _talk(2)
    feed.add([talk[0], {**talk[1], **broken}, *talk[2:], *other])
    feed.start("--gap-seconds", "0")
    await feed.idle(len(talk) + len(other))
    assert {_row(other), (_row(talk)[0], 1, 1, 3)} == feed.talks()  # without the first turn, of one word
    ((refused,),) = feed.rows("SELECT reason FROM refused")
    assert reason in refused


async def test_a_version_that_never_comes_is_passed_after_a_while(feed: Feed):
    talk = _talk(4)
    feed.add([entry for entry in talk if entry["version"] != 2])
    feed.start("--gap-seconds", "0.1")
    await feed.idle(len(talk))
    assert feed.talks() == {(_row(talk)[0], 1, 1, 3)}
    assert "versions 2 to 2 never came" in feed.log


async def test_a_cut_connection_and_an_emptied_engine_are_got_over(feed: Feed):
    name = uuid4().hex
    talk, after_cut, after_loss = _talk(2), _talk(3), _talk(4)
    feed.add(talk)
    feed.start(name=name)
    await feed.idle(len(talk))
    for client in feed.redis.client_list():
        if client["name"] == name:
            feed.redis.client_kill_filter(_id=client["id"])
    feed.add(after_cut)
    await feed.idle(len(talk + after_cut))
    feed.redis.delete(feed.stream)
    await until(lambda: feed.redis.exists(feed.stream))  # the group is there again
    feed.add(after_loss)
    await feed.idle(len(talk + after_cut + after_loss))
    assert feed.talks() == {_row(talk), _row(after_cut), _row(after_loss)}
    assert "NOGROUP" in feed.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_finishes_what_is_in_hand(feed: Feed, number: signal.Signals):
    talks = [_talk(4) for _ in range(20)]
    process = feed.start()
    feed.add([entry for talk in talks for entry in talk])
    await until(lambda: feed.handled() > 0)
    os.kill(process.pid, number)
    assert process.wait(10) == 0
    assert feed.pending() == 0


@pytest.fixture
def reader(redis_url: str) -> Iterator[Callable[[], str]]:
    """Make the guide's Redis user, under a name of this test's, and return a URL with it."""
    redis, name = Redis.from_url(redis_url), f"reader-{uuid4().hex}"

    def make() -> str:
        (line,) = [line for line in GUIDE.read_text().splitlines() if line.strip().startswith("ACL SETUSER")]
        redis.execute_command(*line.replace("practice-report", name).split())
        scheme, _, rest = redis_url.partition("://")
        return f"{scheme}://{name}:CHOOSE-ONE@{rest}"

    yield make
    redis.execute_command("ACL", "DELUSER", name)
    redis.close()


async def test_the_guide_s_user_may_read_and_nothing_else(feed: Feed, reader: Callable[[], str]):
    url, talk = reader(), _talk(2)
    feed.add(talk)
    feed.start(url=url)
    await feed.idle(len(talk))
    with contextlib.closing(Redis.from_url(url)) as redis:
        for words in (("XADD", feed.stream, "*", "type", "forged"), ("DEL", feed.stream), ("GET", "fp:live")):
            with pytest.raises(NoPermissionError):
                redis.execute_command(*words)
