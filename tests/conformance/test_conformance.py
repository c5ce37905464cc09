"""Every request and every rule of the conformance material, against `fluentpro gateway` as its own process."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from conformance.processes import ROOT, GatewayProcess
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, json_format
from typer.testing import CliRunner

from server.cli import app

_MATERIAL = Path(__file__).parent / "gateway"
_FILE = "transcode/conformance/v1/conformance.proto"
_SERVICE = "transcode.conformance.v1.Types"

PROFILES = {
    "main": ("--forward-header", "x-*", "--cors-origin", "*"),
    "verbose": ("--emit-defaults", "--enums-as-numbers", "--json-names", "proto"),
    "lenient": ("--ignore-unknown-query", "--case-insensitive-enums"),
    "ndjson": ("--stream-format", "ndjson"),
    "sse": ("--stream-format", "sse"),
}


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (_MATERIAL / name).read_text().splitlines()]


VECTORS = _lines("vectors.jsonl")
RULES = _lines("rules.jsonl")


def _load_runner() -> Any:
    spec = importlib.util.spec_from_file_location("run_vectors", _MATERIAL / "run_vectors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


runner = _load_runner()


@pytest.fixture(scope="session")
async def gateways(start_gateway: Callable[..., GatewayProcess]) -> AsyncIterator[dict[str, str]]:
    """The address of a gateway for each profile."""
    started = {name: start_gateway(*options) for name, options in PROFILES.items()}
    yield {name: (await gateway.ready()).url for name, gateway in started.items()}
    codes = {name: gateway.stop() for name, gateway in started.items()}
    assert codes == dict.fromkeys(started, 0)


@pytest.mark.parametrize("mode", ["strict", "spec"])
@pytest.mark.parametrize("vector", VECTORS, ids=[f"{vector['feature']}/{vector['name']}" for vector in VECTORS])
def test_a_request_gets_the_answer_it_should(gateways: dict[str, str], vector: dict[str, Any], mode: str) -> None:
    answer = runner.send(gateways[vector["profile"]], vector)
    wrong = runner.judge(vector, answer, mode)
    assert not wrong, f"{vector['method']} {vector['path'][:200]}: {'; '.join(wrong)}\nanswer: {answer}"


def test_the_material_is_whole() -> None:
    assert sum(vector["profile"] == "main" for vector in VECTORS) == 245
    assert (len(VECTORS), len(RULES)) == (250, 30)
    assert {vector["profile"] for vector in VECTORS} == PROFILES.keys()


@pytest.fixture
def annotated(descriptors: Path, tmp_path: Path) -> Callable[[list[dict[str, Any]]], Path]:
    """Return a maker of descriptor sets whose one service has an RPC for each rule."""

    def annotate(rules: list[dict[str, Any]]) -> Path:
        files = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes())
        file = next(file for file in files.file if file.name == _FILE)
        del file.service[:]
        service = file.service.add(name=_SERVICE.rpartition(".")[2])
        for index, rule in enumerate(rules):
            kind = ".transcode.conformance.v1.AllTypes"
            method = service.method.add(name=f"M{index}", input_type=kind, output_type=kind)
            json_format.ParseDict(rule, method.options.Extensions[annotations_pb2.http])
        target = tmp_path / "rules.pb"
        target.write_bytes(files.SerializeToString())
        return target

    return annotate


@pytest.mark.parametrize("rule", RULES, ids=[rule["name"] for rule in RULES])
def test_routes_takes_the_rules_that_can_be_served_and_refuses_the_others(
    annotated: Callable[[list[dict[str, Any]]], Path], rule: dict[str, Any]
) -> None:
    shown = CliRunner().invoke(app, ["routes", "--descriptors", str(annotated(rule["rules"]))])
    paths = [_path(each) for each in rule["rules"]]
    if rule["accept"]:
        assert shown.exit_code == 0, shown.output
        assert all(f"{path} " in shown.stdout for path in paths)
    else:
        assert (shown.exit_code, shown.stdout) == (1, "")
        assert f"{_SERVICE}.M" in shown.stderr
        assert any(path in shown.stderr for path in paths)


def test_the_command_itself_refuses_in_one_line(annotated: Callable[[list[dict[str, Any]]], Path]) -> None:
    command = [sys.executable, "-m", "server.cli", "routes", "--descriptors", str(annotated([{"get": "/a/{nope}"}]))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"fluentpro: {_SERVICE}.M0, GET /a/{{nope}}: the variable nope: there is no field 'nope'\n"


def _path(rule: dict[str, Any]) -> str:
    found = next((value for key, value in rule.items() if key in ("get", "put", "post", "delete", "patch")), None)
    return str(found if found is not None else rule["custom"]["path"])
