"""`fluentpro gateway` describes the service behind it."""

from collections.abc import Callable

import httpx
from conformance.processes import GatewayProcess
from openapi_spec_validator import validate

PATH = "/openapi.json"


async def test_a_gateway_gives_the_document_of_its_image(start_gateway: Callable[..., GatewayProcess]) -> None:
    process = await start_gateway().up()
    async with httpx.AsyncClient(base_url=process.url) as client:
        response = await client.get(PATH)
        again = await client.get(PATH, headers={"if-none-match": response.headers["etag"]})
    document = response.json()
    validate(document)
    assert document["info"]["title"] == "transcode.conformance.v1"
    assert document["paths"]["/v1/shelves/{shelf}"]["get"]["operationId"] == "Routes_GetShelf"
    assert again.status_code == 304


async def test_a_document_has_the_names_that_its_gateway_uses(start_gateway: Callable[..., GatewayProcess]) -> None:
    process = await start_gateway("--json-names", "proto", "--enums-as-numbers", "--emit-defaults").up()
    async with httpx.AsyncClient(base_url=process.url) as client:
        schemas = (await client.get(PATH)).json()["components"]["schemas"]
    assert schemas["Color"]["type"] == "integer"
    assert "f_nested" in schemas["AllTypes"]["properties"]
    assert "f_int32" in schemas["AllTypes"]["required"]
