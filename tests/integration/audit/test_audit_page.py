"""What the page tells an outsider to do is done here, word for word."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from integration.audit.history import History
from sqlalchemy import text

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "audit-trail.md"


@pytest.fixture
async def files(history: History, tmp_path: Path) -> Path:
    """The folder with the three files, made by the page's own statements."""
    await history.unfold()
    exports = re.findall(r'-c "(SELECT .*?)" > (\S+)', PAGE.read_text())
    assert [name for _, name in exports] == ["events.jsonl", "checkpoints.jsonl"]
    async with history.connections.reading() as connection:
        await connection.execute(text("SET TIME ZONE 'Asia/Tokyo'"))
        for statement, name in exports:
            rows = (await connection.execute(text(f"SELECT row::text FROM ({statement}) AS export (row)"))).scalars()
            (tmp_path / name).write_text("".join(f"{row}\n" for row in rows))
        await connection.execute(text("RESET TIME ZONE"))
    (tmp_path / "jwks.json").write_text(json.dumps(history.keys.public()))
    return tmp_path


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    # -I: it sees nothing of ours.
    command = [sys.executable, "-I", "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_program_of_the_page_proves_the_record(files: Path):
    done = run(files)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"70 events and 4 checkpoints are as they were recorded\n", done.stdout)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("events.jsonl", '"user.registered"', '"user.cloned"', "AssertionError: ('user-"),
        ("events.jsonl", '"position":1,', '"position":2,', "AssertionError: ('user-"),
        ("checkpoints.jsonl", '"number":2', '"number":3', "AssertionError: 2"),
        ("checkpoints.jsonl", '"events":', '"events":1', "InvalidSignature"),
    ],
)
def test_the_program_of_the_page_finds_what_was_changed(files: Path, name: str, old: str, new: str, told: str):
    content = (files / name).read_text()
    assert old in content
    (files / name).write_text(content.replace(old, new, 1))
    done = run(files)
    assert done.returncode == 1
    assert told in done.stderr
