"""`fluentpro state`, against real engines."""

import asyncio
import json
import os
import stat
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fakes.practice import FakeChatModel
from sqlalchemy import text
from typer.testing import CliRunner

from domain.practice.chat import Delta, Finish, FinishReason
from domain.practice.model import Conversation
from server.cli import app as commands

MINE, THEIRS = "I have lost my passport.", "Let us look for it."


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str, tmp_path):
    """Run the command in a thread: it has a loop of its own."""
    for name in [name for name in os.environ if name.startswith("FLUENTPRO_")]:
        monkeypatch.delenv(name)
    (tmp_path / "master.json").write_text(json.dumps(_master_keys()))
    (tmp_path / "master.json").chmod(0o600)
    monkeypatch.setenv("FLUENTPRO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FLUENTPRO_MASTER_KEYS", str(tmp_path / "master.json"))
    monkeypatch.setenv("FLUENTPRO_DATABASE_URL", database_url)
    monkeypatch.setenv("FLUENTPRO_REDIS_URL", redis_url)

    async def run(*words: object) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, commands, ["state", *map(str, words)])

    return run


def _master_keys() -> dict[str, Any]:
    from base64 import urlsafe_b64encode

    from fakes.master_keys import MASTER_KEYS

    keys = MASTER_KEYS.by_id.items()
    return {
        "keys": [
            {"kty": "oct", "kid": key_id, "k": urlsafe_b64encode(key).decode().rstrip("=")} for key_id, key in keys
        ]
    }


@pytest.fixture
async def talk(app) -> Conversation:
    """A conversation with one exchange."""
    app.model = FakeChatModel(Delta(THEIRS), Finish(FinishReason.STOP))
    conversation = await app.start()
    await app.read(await app.send(conversation, MINE))
    return conversation


@pytest.fixture
def change(connections):
    async def change(statement: str, talk: Conversation) -> None:
        async with connections.transaction() as connection:
            await connection.execute(text(statement), {"id": talk.id})
            await connection.commit()

    return change


async def test_conversations_are_listed_the_newest_first(state, app, talk, clock) -> None:
    clock.now += timedelta(minutes=1)
    newer = await app.start()
    listed = await state("list", "--user", talk.user_id)
    assert listed.exit_code == 0, listed.output
    heading, *rows = listed.stdout.splitlines()
    assert heading.split()[:4] == ["conversation", "learner", "scenario", "status"]
    assert [row.split()[0] for row in rows] == [str(newer.id), str(talk.id)]
    (line,) = (await state("list", "--user", talk.user_id, "--limit", "1", "--json")).stdout.splitlines()
    assert json.loads(line)["id"] == str(newer.id)
    assert (await state("list", "--user", talk.user_id, "--active")).stdout.count("\n") == 1
    assert (await state("list", "--user", "x")).exit_code == 2
    assert (await state("list", "--user", "x@")).exit_code == 2


async def test_conversations_are_found_by_what_was_said_only_when_asked(state, talk) -> None:
    found = await state("search", "--user", talk.user_id, "--text", "PASSPORT")
    assert [row.split()[0] for row in found.stdout.splitlines()[1:]] == [str(talk.id)]
    assert MINE not in found.stdout
    assert (await state("search", "--user", talk.user_id, "--text", "tiger")).stdout.count("\n") == 1
    assert (await state("search", "--user", talk.user_id, "--until", "2020-01-01")).stdout.count("\n") == 1


async def test_one_is_shown_without_what_was_said_unless_asked_for(state, talk) -> None:
    shown = await state("show", talk.id)
    assert shown.exit_code == 0, shown.output
    assert f"conversation  {talk.id}" in shown.stdout
    assert f"{len(MINE)} characters" in shown.stdout
    assert "completed (stop)" in shown.stdout
    assert "4 entries" in shown.stdout
    assert "no stream is open" in shown.stdout
    assert shown.stdout.endswith("no problem was found\n")
    assert MINE not in shown.stdout
    assert MINE in (await state("show", talk.id, "--text")).stdout


async def test_a_sound_conversation_passes_the_check(state, talk) -> None:
    checked = await state("check", talk.id)
    assert (checked.exit_code, checked.stdout) == (0, "conversations checked: 1; no problem was found\n")
    assert (await state("recover", talk.id)).stdout == "there is nothing to mend\n"


async def test_problems_are_named_said_to_be_mended_and_then_mended(state, talk, change, app) -> None:
    await change("DELETE FROM turn WHERE conversation_id = :id AND position = 3", talk)
    line = f"{talk.id}: turn 3 is missing, and its event has it"
    checked = await state("check")
    assert checked.exit_code == 1
    assert line in checked.stdout.splitlines()
    said = await state("recover", talk.id)
    assert said.exit_code == 1
    assert f"{line}; would be mended: the turn is restored from its event" in said.stdout
    assert "nothing was changed" in said.stdout
    assert len(await app.turns(talk)) == 2
    mended = await state("recover", talk.id, "--apply")
    assert mended.exit_code == 0, mended.output
    assert f"{line}; mended: the turn is restored from its event" in mended.stdout
    assert [turn.text for turn in await app.turns(talk)][1:] == [MINE, THEIRS]


async def test_what_cannot_be_mended_is_said(state, talk, change) -> None:
    await change("UPDATE turn SET text = 'Hm.' WHERE conversation_id = :id AND position = 2", talk)
    line = f"{talk.id}: turn 2 has another text than its event"
    assert f"{line}; cannot be mended" in (await state("recover", talk.id)).stdout
    left = await state("recover", talk.id, "--apply")
    assert (left.exit_code, left.stdout) == (1, f"{line}; cannot be mended\n")
    await change("DELETE FROM turn WHERE conversation_id = :id AND position = 2", talk)
    await change("DELETE FROM conversation WHERE id = :id", talk)
    lost = await state("recover", "--apply")
    assert f"{talk.id}: conversation is missing, and its events are there; cannot be mended" in lost.stdout


async def test_an_export_has_everything_and_words_only_when_asked_for(state, talk, tmp_path) -> None:
    file = tmp_path / "conversation.json"
    for words in ((), ("--text",)):
        done = await state("export", talk.id, "--output", file, *words)
        assert done.exit_code == 0, done.output
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        content = file.read_text()
        assert (MINE in content) == (THEIRS in content) == bool(words)
        found = json.loads(content)
        assert found["conversation"]["id"] == str(talk.id)
        assert [turn["characters"] for turn in found["turns"]][1:] == [len(MINE), len(THEIRS)]
        assert {"conversation.started", "conversation.turn_added", "generation.completed"} <= {
            event["type"] for event in found["events"]
        }
        (log,) = found["logs"].values()
        assert [entry["kind"] for entry in log["entries"]] == ["Accepted", "Started", "TextDelta", "Completed"]
        assert found["problems"] == found["streams"] == []
    assert (await state("export", talk.id, "--output", tmp_path / "none" / "x")).exit_code == 2


async def test_without_the_logs_the_rest_is_shown(state, talk, monkeypatch) -> None:
    monkeypatch.setenv("FLUENTPRO_REDIS_URL", "redis://127.0.0.1:1")
    assert "the log does not answer" in (await state("show", talk.id)).stdout
    checked = await state("check", talk.id)
    assert checked.exit_code == 0
    assert "were not compared" in checked.stderr


@pytest.mark.parametrize("words", [("show",), ("check",), ("recover",), ("recover", "--apply")])
async def test_no_such_conversation_is_a_sentence(state, words) -> None:
    refused = await state(*words, uuid4())
    assert refused.exit_code == 1
    assert "There is no such conversation." in refused.output
    assert (await state(*words, "x")).exit_code == 2
