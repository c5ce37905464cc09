"""The feed of the served product: what other services read is what its document says, and nobody's own words."""

import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from e2e.command import ROOT, Command, environment, until
from e2e.learner import GREETING, Learner, text_of
from jsonschema import Draft7Validator, FormatChecker
from redis import Redis

from adapters.engines.folder import DataFolder
from server.feed.document import asyncapi_document


@pytest.fixture(scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Command]:
    folder = tmp_path_factory.mktemp("dev")
    command = Command(["dev"], folder, environment(folder / "data", {"scripted_word_seconds": 0}))
    try:
        yield await command.ready()
    finally:
        await command.stop()


@pytest.fixture(scope="module")
def url(dev: Command) -> str:
    return DataFolder.at(dev.data_dir).urls.redis_url


@pytest.fixture(scope="module")
async def reply(dev: Command) -> str:
    """What the partner said in a talk that the product has had."""
    async with httpx.AsyncClient(base_url=f"http://{dev.http}/api/v2") as client:
        learner = Learner(client, f"mei-{uuid4().hex}@example.com")
        await learner.sign_up()
        talk = await learner.converse()
        said = text_of([event async for event in learner.say(talk)])
        (await client.post(f"/conversations/{talk}:end", json={})).raise_for_status()
    return said


@pytest.fixture(scope="module")
async def entries(url: str, reply: str) -> list[dict[str, str]]:
    """All entries of all streams, once the talk's end is among them."""
    assert reply

    def read() -> list[dict[str, str]]:
        with contextlib.closing(Redis.from_url(url, protocol=2, decode_responses=True)) as redis:
            return [fields for stream in redis.scan_iter("fp:ev:*") for _, fields in redis.xrange(stream)]

    await until(lambda: any(entry["type"] == "conversation.ended" for entry in read()))
    return read()


def test_every_entry_is_as_the_document_says(entries: list[dict[str, str]]):
    document = asyncapi_document()
    kinds = {entry["type"] for entry in entries}
    assert {"user.registered", "session.created", "conversation.turn_added", "generation.completed"} <= kinds
    for entry in entries:
        parts = {"payload": json.loads(entry["data"]), "headers": {**entry}}
        del parts["headers"]["data"]
        for part, value in parts.items():
            schema = {**document["components"]["messages"][entry["type"]][part], "components": document["components"]}
            Draft7Validator(schema, format_checker=FormatChecker()).validate(value)


def test_nobody_s_own_words_are_in_the_feed(entries: list[dict[str, str]], reply: str):
    feed = json.dumps(entries, ensure_ascii=False)
    for personal in ("@example.com", "Mei Chan", GREETING, reply):
        assert personal not in feed


def test_every_aggregate_s_versions_come_in_order(entries: list[dict[str, str]]):
    versions: dict[str, list[int]] = {}
    for entry in entries:
        versions.setdefault(entry["stream_id"], []).append(int(entry["version"]))
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())


@pytest.fixture
def consumer(url: str, tmp_path: Path) -> Iterator[Path]:
    """The example as its page starts it; its database."""
    database = tmp_path / "practice.sqlite"
    words = [sys.executable, "-m", "feed", url, "--database", str(database)]
    with subprocess.Popen(words, cwd=ROOT / "examples/consumer", stderr=subprocess.DEVNULL) as process:
        yield database
        process.kill()


async def test_the_example_knows_how_much_was_said(consumer: Path, entries: list[dict[str, str]]):
    def talks() -> list[tuple[int, ...]]:
        if not consumer.exists():
            return []
        with contextlib.closing(sqlite3.connect(consumer)) as database:
            try:
                return database.execute("SELECT has_ended, learner_turns, learner_words FROM talk").fetchall()
            except sqlite3.OperationalError:
                return []  # it is being made

    await until(lambda: talks() and talks()[0][0])
    assert talks() == [(1, 1, len(GREETING.split()))]
