"""Requests made from the document, good and bad: no fault of ours, and no answer that the document does not name."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from api.conftest import Product
from api.learner import Learner
from api.staff import make_admin

CONFIG = """
[generation]
deterministic = true
database = "none"
max-examples = 20

[[operations]]
include-name = "DELETE /api/v2/users/me"
enabled = false  # nobody would be signed in after it
"""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
)
"""All but those that take the shape for everything: good data can be refused for what it says, and ProtoJSON reads more
than it writes, such as null for what is absent."""


def _strict(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without what makes it patient: other errors, and answers in part."""
    for item in document["paths"].values():
        item.pop("x-websocket", None)  # no request that can be made up
        for operation in item.values():
            del operation["responses"]["default"]
            operation["parameters"] = [
                each for each in operation.get("parameters", ()) if each.get("$ref") != "#/components/parameters/Fields"
            ]
    return document


async def _ids(learner: Learner) -> str:
    ids = {
        "conversation_id": (await learner.converse()).id,
        "generation_id": await learner.reply(),
        "dead_letter_id": await learner.staff.new_dead_letter(),
    }
    return "\n".join(("[parameters]", *(f'"path.{name}" = "{value}"' for name, value in ids.items()), ""))


async def test_no_request_gets_an_answer_that_the_document_does_not_name(product: Product, tmp_path: Path) -> None:
    learner = await Learner.new(product.grpc)
    await learner.answer()
    await make_admin(product.application.connections, learner)
    client = product.http.client
    document, config = tmp_path / "openapi.json", tmp_path / "schemathesis.toml"
    document.write_text(json.dumps(_strict((await client.get("/openapi/v2.json")).json())))
    config.write_text(await _ids(learner) + CONFIG)

    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run", str(document)),
        *("--url", str(client.base_url), "--header", f"Authorization: Bearer {learner.token}"),
        *("--checks", ",".join(CHECKS), "--continue-on-failure", "--no-color"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()

    assert process.returncode == 0, output
    total = re.search(r"(\d+) generated, (\d+) passed", output)
    assert total is not None
    print(total[0])  # for `pytest -rP`
    assert total[1] == total[2]
    assert int(total[1]) > 500
