"""The document as it is served."""

import json

from api.conftest import Product
from openapi_spec_validator import validate
from typer.testing import CliRunner

from server.cli import app


async def test_the_served_document_is_the_one_that_the_command_writes(product: Product) -> None:
    served = await product.http.client.get("/openapi/v2.json")
    assert served.status_code == 200
    validate(served.json())
    assert served.json() == json.loads(CliRunner().invoke(app, ["openapi", "--version", "v2"]).stdout)


async def test_the_newest_version_is_v2(product: Product) -> None:
    client = product.http.client
    assert (await client.get("/openapi.json")).content == (await client.get("/openapi/v2.json")).content


async def test_a_client_that_has_it_gets_304(product: Product) -> None:
    client = product.http.client
    first = await client.get("/openapi.json")
    assert first.headers["content-encoding"] == "gzip"
    again = await client.get("/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_version_that_is_not_there_is_404(product: Product) -> None:
    assert (await product.http.client.get("/openapi/v9.json")).status_code == 404
