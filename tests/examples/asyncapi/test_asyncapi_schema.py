"""The AsyncAPI document against the JSON Schema that AsyncAPI publishes, as npm has it."""

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from server.feed.document import asyncapi_document

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Draft7Validator:
    folder = tmp_path_factory.mktemp("specs")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    if shutil.which("npm") is None:
        _do_without("no npm on PATH")
    words = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"]
    installed = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if installed.returncode != 0:
        _do_without(f"npm ci: {installed.stderr}")
    return Draft7Validator(json.loads((folder / "node_modules/@asyncapi/specs/schemas/3.0.0.json").read_text()))


def test_the_document_is_asyncapi_3(published: Draft7Validator):
    published.validate(asyncapi_document())


@pytest.mark.parametrize("part", ["info", "channels", "operations"])
def test_the_schema_looks_closely(published: Draft7Validator, part: str):
    document = copy.deepcopy(asyncapi_document())
    document[part]["wrong"] = 7
    assert not published.is_valid(document)


def _do_without(complaint: str) -> None:
    """CI has all that this needs; elsewhere its absence skips the tests."""
    pytest.fail(complaint) if os.environ.get("CI") else pytest.skip(complaint)
