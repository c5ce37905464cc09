"""Every answer of v1, byte for byte: what consumers were promised does not change.

`corpus/<case>.json` is the body of an answer as it was sent, and `corpus/index.json` says what was asked, with status
and headers. `FLUENTPRO_WRITE_CORPUS=1 pytest tests/api/v1/test_v1_corpus.py` writes them anew.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api.v1.cases import CASES
from api.v1.first_client import FirstClient, Step
from api.v1.frozen import Frozen
from fakes.identity import SettableClock

from server.image import our_image

CORPUS = Path(__file__).parent / "corpus"
IS_WRITING = os.environ.get("FLUENTPRO_WRITE_CORPUS") == "1"
HEADERS = ("content-type", "deprecation", "sunset", "link", "www-authenticate", "allow")
DEPRECATED = datetime(2026, 12, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """What came, and what to compare of it."""

    entry: dict[str, Any]
    body: bytes


@pytest.fixture(scope="module")
async def answers() -> dict[str, Answer]:
    async with Frozen(SettableClock(DEPRECATED)).client() as http:
        client = FirstClient(http, "aylin@example.com")
        made = {case: await _answer(client, step) for case, step in CASES.items()}
    if IS_WRITING:
        _write(made)
    return made


async def _answer(client: FirstClient, step: Step) -> Answer:
    response = await client.make(step)
    headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
    request = {key: value for key, value in asdict(step).items() if key not in ("status", "method")}
    return Answer({"request": request, "status": response.status_code, "headers": headers}, response.content)


def _write(answers: dict[str, Answer]) -> None:
    for file in CORPUS.glob("*.json"):
        file.unlink()
    index = {case: answer.entry for case, answer in answers.items()}
    (CORPUS / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n")
    for case, answer in answers.items():
        (CORPUS / f"{case}.json").write_bytes(answer.body)


@pytest.mark.parametrize("case", CASES)
async def test_an_answer_is_what_it_was_to_the_byte(answers, case) -> None:
    index = json.loads((CORPUS / "index.json").read_text())
    assert answers[case].entry == index[case]
    assert answers[case].body == (CORPUS / f"{case}.json").read_bytes()
    assert answers[case].entry["status"] == CASES[case].status


def test_the_corpus_has_every_method_and_no_stray_file() -> None:
    methods = {
        f"{method.containing_service.name}/{method.name}"
        for method, _ in our_image().methods()
        if method.containing_service.file.package == "fluentpro.v1"
    }
    assert {step.method for step in CASES.values() if step.status < 400} == methods
    assert {file.stem for file in CORPUS.glob("*.json")} == {*CASES, "index"}
