"""`fluentpro openapi`."""

import json
from pathlib import Path

import pytest
from openapi_spec_validator import validate
from typer.testing import CliRunner, Result

import fluentpro
from server.cli import app

_OURS = Path(next(iter(fluentpro.__path__))) / "descriptors.binpb"


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, ["openapi", *words])


def test_our_document_goes_to_stdout() -> None:
    result = _run()
    document = json.loads(result.stdout)
    validate(document)
    assert result.exit_code == 0
    assert document["info"]["title"] == "FluentPro"
    assert document["info"]["version"] == "v2"
    assert document["paths"]["/api/v2/users/me"]["get"]["x-rpc"] == "fluentpro.v2.UserService.GetMe"


def test_a_document_goes_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "openapi.json"
    result = _run("--output", str(target), "--version", "v2")
    assert (result.exit_code, result.output) == (0, "")
    assert target.read_text(encoding="utf-8") == _run().stdout


def test_another_image_is_described_without_our_words() -> None:
    result = _run("--descriptors", str(_OURS))
    assert json.loads(result.stdout)["info"]["title"] == "fluentpro.v2"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--version", "v9"], "there is no version 'v9'; there is: v2"),
        (["--descriptors", "nowhere.binpb"], "nowhere.binpb cannot be read"),
        (["--descriptors", __file__], "this is no serialized FileDescriptorSet"),
        (["--output", "nowhere/openapi.json"], "nowhere/openapi.json cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], reason: str) -> None:
    result = _run(*words)
    assert result.exit_code == 1
    assert f"fluentpro: {reason}" in result.stderr
