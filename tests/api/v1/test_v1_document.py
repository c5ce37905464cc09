"""The corpus is what the OpenAPI document of v1 says, and its errors are those that the contract names."""

import json
from pathlib import Path
from typing import Any

import pytest
from api.contract import ALL_REASONS, COMMON_REASONS
from api.doors import GATEWAY_REASONS
from api.v1.cases import CASES
from jsonschema import Draft202012Validator, FormatChecker
from typer.testing import CliRunner

from server.cli import app
from server.image import our_image

CORPUS = Path(__file__).parent / "corpus"
JSON = "application/json"
UNROUTED = {"ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED"}
OF_METHODS = {case: step for case, step in CASES.items() if step.method}

PROMISED = [
    case for case, step in OF_METHODS.items() if step.status < 400 and step.body and None not in step.body.values()
]
"""Good requests as the document has them: null in place of nothing is taken too."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(CliRunner().invoke(app, ["openapi", "--version", "v1"]).stdout)


@pytest.fixture(scope="module")
def operations(document) -> dict[str, dict[str, Any]]:
    found = (operation for item in document["paths"].values() for operation in item.values())
    return {operation["x-rpc"].removeprefix("fluentpro.v1.").replace(".", "/"): operation for operation in found}


@pytest.fixture(scope="module")
def check(document):
    def validate(value: Any, schema: dict[str, Any]) -> None:
        whole = {"components": document["components"], "allOf": [schema]}
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)

    return validate


@pytest.mark.parametrize("case", OF_METHODS)
def test_an_answer_of_the_corpus_is_as_the_document_says(operations, document, check, case) -> None:
    step, answer = OF_METHODS[case], json.loads((CORPUS / f"{case}.json").read_bytes())
    response = operations[step.method]["responses"][str(step.status)]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    check(answer, response["content"][JSON]["schema"])
    assert answer["_meta"]["version"] == "v1"


@pytest.mark.parametrize("case", PROMISED)
def test_a_good_request_of_the_corpus_is_as_the_document_says(operations, check, case) -> None:
    step = OF_METHODS[case]
    check(step.body, operations[step.method]["requestBody"]["content"][JSON]["schema"])


def test_every_operation_is_deprecated_and_in_the_corpus(operations) -> None:
    assert {step.method for step in OF_METHODS.values()} == set(operations)
    assert all(operation["deprecated"] for operation in operations.values())


@pytest.mark.parametrize("case", [case for case, step in CASES.items() if step.status >= 400])
def test_an_error_of_the_corpus_has_a_reason_that_its_method_names(case) -> None:
    answer = json.loads((CORPUS / f"{case}.json").read_bytes())
    code = answer["error"]["code"]
    method = CASES[case].method
    assert code in COMMON_REASONS | GATEWAY_REASONS | (_reasons(method) if method else UNROUTED)
    assert answer["error"]["message"]


def _reasons(name: str) -> frozenset[str]:
    image = our_image()
    policy = next(
        image.option(proto, "fluentpro.contract.v1.policy")
        for method, proto in image.methods()
        if method.full_name == f"fluentpro.v1.{name.replace('/', '.')}"
    )
    values = policy.DESCRIPTOR.fields_by_name["reasons"].enum_type.values_by_number
    named = frozenset(values[number].name.removeprefix("ERROR_REASON_") for number in policy.reasons)
    assert named <= ALL_REASONS
    return named
