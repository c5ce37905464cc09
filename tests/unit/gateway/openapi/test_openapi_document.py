"""Whole documents: valid, and of exactly the operations that there are routes for."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

import gateway.openapi
from gateway.binding import Binding, compile_routes
from gateway.image import Image
from gateway.openapi.documents import Documents
from server.image import our_image

_REPOSITORY = Path(gateway.openapi.__file__).parents[2]
_CONFORMANCE = _REPOSITORY / "tests" / "conformance" / "gateway" / "proto"
_GATEWAYS = _REPOSITORY / "tests" / "unit" / "gateway" / "protos"


@pytest.fixture(scope="module")
def images(compile_files: Callable[..., Image], hotel: Image) -> dict[str, Image]:
    return {
        "ours": our_image(),
        "hotel": hotel,
        "library": compile_files(_GATEWAYS, "library.proto"),
        "library and shop": compile_files(_GATEWAYS, "library.proto", "shop.proto", "legacy.proto"),
        "conformance": compile_files(_CONFORMANCE, "transcode/conformance/v1/conformance.proto"),
        "longrunning": compile_files(_CONFORMANCE, "google/longrunning/operations_proto.proto"),
    }


IMAGES = ("ours", "hotel", "library", "library and shop", "conformance", "longrunning")


def _documents(image: Image) -> tuple[list[dict[str, Any]], list[Binding]]:
    """Return every document of an image, and every binding that should be in one of them."""
    routes = compile_routes(image)
    documents = Documents(image, routes)
    found = [json.loads(json.dumps(documents.document(name))) for name in documents.names or [""]]
    return found, [binding for binding in routes if not binding.rule.is_default]


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for key, operation in item.items():
            if key == "x-additionalOperations":
                yield from ((path, method, each) for method, each in operation.items())
            else:
                yield path, key, operation


@pytest.mark.parametrize("name", IMAGES)
def test_a_document_is_valid(name: str, images: dict[str, Image]) -> None:
    for document in _documents(images[name])[0]:
        validate(document)


@pytest.mark.parametrize("name", IMAGES)
def test_the_documents_have_the_routes_and_nothing_else(name: str, images: dict[str, Image]) -> None:
    documents, bindings = _documents(images[name])
    routed = sorted(
        (binding.rpc, "x-websocket" if binding.is_websocket else binding.http_method, binding.template.text)
        for binding in bindings
    )
    described = sorted(
        (operation["x-rpc"], key if key == "x-websocket" else key.upper(), operation.get("x-path-template", path))
        for document in documents
        for path, key, operation in _operations(document)
    )
    assert routed
    assert described == routed


@pytest.mark.parametrize("name", IMAGES)
def test_every_operation_has_an_id_of_its_own_and_a_tag_that_is_described(name: str, images: dict[str, Image]) -> None:
    for document in _documents(images[name])[0]:
        ids = [operation["operationId"] for _, _, operation in _operations(document)]
        assert len(set(ids)) == len(ids)
        tags = {tag["name"] for tag in document["tags"]}
        assert {tag for _, _, operation in _operations(document) for tag in operation["tags"]} == tags


@pytest.mark.parametrize("name", IMAGES)
def test_every_schema_is_named_somewhere(name: str, images: dict[str, Image]) -> None:
    for document in _documents(images[name])[0]:
        text = json.dumps(document)
        for kind, found in document["components"].items():
            for each in found if kind in ("schemas", "examples", "responses") else ():
                assert f'"#/components/{kind}/{each}"' in text, f"{kind}/{each}"


def test_the_same_image_gives_the_same_bytes(hotel: Image) -> None:
    first, second = (json.dumps(Documents(hotel, compile_routes(hotel)).document("v2")) for _ in range(2))
    assert first == second


def test_services_and_methods_bring_their_comments(v2) -> None:
    line = "WebSocket `/api/v2/rooms/{room_id}:talk` (Talk): Talks with who is there."
    assert v2["tags"] == [{"name": "Rooms", "description": f"The rooms of a hotel.\n\n{line}"}]
    get = v2["paths"]["/api/v2/rooms/{room_id}"]["get"]
    assert get["operationId"] == "Rooms_GetRoom"
    assert get["summary"] == "Gives a room"
    assert get["description"] == "The door is shut.\n\nNobody is woken."


def test_an_additional_rule_is_an_operation_of_its_own(v2) -> None:
    operation = v2["paths"]["/api/v2/hotels/{hotel}/rooms/{room}"]["get"]
    assert operation["operationId"] == "Rooms_GetRoom_2"
    assert operation["x-path-template"] == "/api/v2/{room_id=hotels/*/rooms/*}"
    assert [each["description"] for each in operation["parameters"][:2]] == [
        "A part of `room_id`, which is `hotels/*/rooms/*`."
    ] * 2


def test_who_may_call_is_said_by_the_policy(v2) -> None:
    assert v2["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert v2["paths"]["/api/v2/rooms/{room_id}"]["get"]["security"] == []
    create = v2["paths"]["/api/v2/rooms"]["post"]
    assert create["security"] == [{"bearer": []}]
    assert create["x-access"] == ["ADMIN"]


def test_a_method_without_a_policy_may_be_called_with_a_token_and_without(describe) -> None:
    document = describe("""
    message M {}
    service S { rpc Go(M) returns (M) { option (google.api.http) = {get: "/m"}; } }
    """)
    assert document["paths"]["/m"]["get"]["security"] == [{}, {"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_a_deprecated_method_is_marked(v2) -> None:
    assert v2["paths"]["/api/v2/rooms/{room_id}:close"]["post"]["deprecated"] is True
    assert "deprecated" not in v2["paths"]["/api/v2/rooms"]["post"]


def test_a_deprecated_version_marks_every_operation_and_says_until_when(v1) -> None:
    assert v1["paths"]["/api/v1/beds"]["post"]["deprecated"] is True
    assert v1["info"]["x-lifecycle"] == "DEPRECATED"
    assert v1["info"]["description"].startswith(
        "**Deprecated since 2026-11-01.** It answers until 2028-12-31. Use `hotel.v2` in its place. "
        "[How to move](https://example.com/to-v2). Rooms have names now.\n\n"
    )


def test_every_answer_of_a_deprecated_version_is_shown_with_what_it_says_of_its_end(v1) -> None:
    responses, shared = v1["paths"]["/api/v1/beds"]["post"]["responses"], v1["components"]["responses"]
    for response in (responses["200"], shared["Gone"], shared["AnyError"]):
        assert {"deprecation", "sunset", "link"} <= response["headers"].keys()
    assert {"Deprecation", "Sunset", "Link"} <= v1["components"]["headers"].keys()
    assert responses["410"] == {"$ref": "#/components/responses/Gone"}
    assert "`API_VERSION_SUNSET`" in shared["Gone"]["description"]
    meta = v1["components"]["schemas"]["Meta"]
    assert "deprecation" in meta["required"]
    said = meta["properties"]["deprecation"]
    assert set(said["required"]) == {"version", "sunset_date", "migration_guide", "message"}


def test_a_version_that_is_not_deprecated_says_nothing_of_an_end(v2) -> None:
    assert "deprecation" not in json.dumps(v2["components"]).lower()
    assert "410" not in v2["paths"]["/api/v2/rooms"]["post"]["responses"]


def test_services_of_one_name_are_told_apart(describe) -> None:
    document = describe("""
    import "google/longrunning/operations_proto.proto";
    message M {}
    service Operations { rpc Go(M) returns (M) { option (google.api.http) = {get: "/m"}; } }
    """)
    assert {tag["name"] for tag in document["tags"]} == {"inn_v1_Operations", "google_longrunning_Operations"}
    assert document["paths"]["/m"]["get"]["operationId"] == "inn_v1_Operations_Go"
    assert document["info"]["title"] == "google.longrunning, inn.v1"
    assert document["info"]["version"] == "unversioned"


def test_paths_of_one_shape_share_an_item(describe) -> None:
    paths = describe("""
    message M { string a = 1; string b = 2; }
    service S {
      rpc Get(M) returns (M) { option (google.api.http) = {get: "/m/{a}"}; }
      rpc Put(M) returns (M) { option (google.api.http) = {put: "/m/{b}" body: "*"}; }
    }
    """)["paths"]
    assert list(paths) == ["/m/{a}"]
    assert set(paths["/m/{a}"]) == {"get", "put"}
    assert paths["/m/{a}"]["put"]["x-path-template"] == "/m/{b}"


def test_paths_that_differ_in_what_they_match_stay_apart(describe) -> None:
    paths = describe("""
    message M { string a = 1; string b = 2; }
    service S {
      rpc One(M) returns (M) { option (google.api.http) = {get: "/m/{a}"}; }
      rpc All(M) returns (M) { option (google.api.http) = {get: "/m/{a=**}"}; }
      rpc Any(M) returns (M) { option (google.api.http) = {custom {kind: "*" path: "/any"}}; }
      rpc Look(M) returns (M) { option (google.api.http) = {custom {kind: "SEARCH" path: "/any"}}; }
      rpc Post(M) returns (M) { option (google.api.http) = {post: "/any" body: "*"}; }
    }
    """)["paths"]
    assert list(paths) == ["/m/{a}", "/m/{a_2}", "/any"]
    assert paths["/m/{a_2}"]["get"]["operationId"] == "S_All"
    assert paths["/any"]["post"]["operationId"] == "S_Any"
    assert {method: each["operationId"] for method, each in paths["/any"]["x-additionalOperations"].items()} == {
        "SEARCH": "S_Look",
        "POST": "S_Post",
    }


def test_an_image_without_rules_has_a_document_all_the_same(
    compile_files: Callable[..., Image], tmp_path: Path
) -> None:
    (tmp_path / "none.proto").write_text('syntax = "proto3"; package none.v1; message M {}')
    image = compile_files(tmp_path, "none.proto")
    document = Documents(image, compile_routes(image)).document()
    validate(document)
    assert document["paths"] == {}


def test_websockets_are_described_beside_the_operations(v2) -> None:
    item = v2["paths"]["/api/v2/rooms/{room_id}:talk"]
    assert list(item) == ["x-websocket"]
    talk = item["x-websocket"]
    assert talk["operationId"] == "Rooms_Talk"
    assert talk["x-receive"] == {"$ref": "#/components/schemas/RoomEvent"}
    assert v2["components"]["schemas"]["TalkRequest"]["properties"] == {"text": {"type": "string"}}
    assert talk["x-send"] == {"$ref": "#/components/schemas/TalkRequest"}
    assert v2["x-websocket"]["closeCodes"]["1000"]
