"""What the API really answers is what its document says, for every RPC."""

import json
from typing import Any

import pytest
from api.conftest import Product
from api.contract import RPCS
from api.learner import Learner, example
from jsonschema import Draft202012Validator, FormatChecker

ARRAY, NDJSON, SSE = "application/json", "application/x-ndjson", "text/event-stream"


@pytest.fixture(scope="session")
async def document(product: Product) -> dict[str, Any]:
    return (await product.http.client.get("/openapi/v2.json")).json()


@pytest.fixture(scope="session")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = (operation for item in document["paths"].values() for operation in item.values())
    return {operation["x-rpc"].removeprefix("fluentpro.v2.").replace(".", "/"): operation for operation in found}


@pytest.fixture(scope="session")
def check(document: dict[str, Any]):
    """Return what fails when a value is not what a schema of the document says."""

    def validate(value: Any, schema: dict[str, Any]) -> None:
        whole = {"components": document["components"], "allOf": [schema]}
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(value)

    return validate


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    for key in part["$ref"].split("/")[1:]:
        document = document[key]
    return document


@pytest.mark.parametrize("name", RPCS)
async def test_a_call_that_goes_well_is_as_the_document_says(
    name: str, product: Product, document, operations, check
) -> None:
    learner = await Learner.new(product.grpc)
    operation = operations[name]
    parts = product.http.parts(name, await example(name, learner), learner.token_for(name), accept=ARRAY)
    if parts["content"] is not None:
        check(json.loads(parts["content"]), operation["requestBody"]["content"][ARRAY]["schema"])
    named = {_resolved(document, each)["name"] for each in operation.get("parameters", ())}
    assert set(parts["params"] or ()) <= named

    response = await product.http.client.request(**parts)

    success = operation["responses"][str(response.status_code)]
    assert response.is_success
    content = success["content"][response.headers["content-type"]]
    check(response.json(), content.get("schema", {}))
    for header, said in success["headers"].items():
        assert header in response.headers or not _resolved(document, said).get("required")


async def test_a_get_that_changed_nothing_is_the_304_of_the_document(product: Product, owner, operations) -> None:
    headers = {"authorization": f"Bearer {owner.token}"}
    first = await product.http.client.get("/api/v2/users/me", headers=headers)
    again = await product.http.client.get(
        "/api/v2/users/me", headers=headers | {"if-none-match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert "304" in operations["UserService/GetMe"]["responses"]


@pytest.mark.parametrize("accept", [NDJSON, SSE])
async def test_every_entry_of_a_stream_is_as_the_document_says(
    accept: str, product: Product, owner: Learner, operations, check
) -> None:
    operation = operations["ConversationService/SendMessage"]
    parts = product.http.parts(
        "ConversationService/SendMessage",
        await example("ConversationService/SendMessage", owner),
        owner.token,
        accept=accept,
    )
    response = await product.http.client.request(**parts)
    entry = operation["responses"]["200"]["content"][accept]["x-itemSchema"]
    texts = response.text.splitlines()
    values = [line.removeprefix("data: ") for line in texts if line.startswith(("data: ", "{"))]
    assert len(values) > 3
    for value in values:
        check(json.loads(value), entry)


@pytest.mark.parametrize("accept", [NDJSON, SSE])
def test_the_example_of_a_stream_is_one(accept: str, operations, check) -> None:
    content = operations["ConversationService/SendMessage"]["responses"]["200"]["content"][accept]
    lines = [line.removeprefix("data: ") for line in content["example"].splitlines() if "{" in line]
    assert len(lines) == 3
    for line in lines:
        check(json.loads(line), content["x-itemSchema"])


async def test_an_error_and_its_problem_details_are_as_the_document_says(product: Product, document, check) -> None:
    for accept in ("application/json", "application/problem+json"):
        response = await product.http.client.post("/api/v2/auth/login", json={}, headers={"accept": accept})
        assert response.headers["content-type"] == accept
        check(response.json(), document["components"]["responses"]["BadRequest"]["content"][accept]["schema"])


def test_every_example_of_an_error_is_one(document, check) -> None:
    examples = document["components"]["examples"]
    assert len(examples) > 20
    for example_of_reason in examples.values():
        check(example_of_reason["value"], {"$ref": "#/components/schemas/Error"})
