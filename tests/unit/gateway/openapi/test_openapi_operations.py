"""Parameters, bodies and answers of operations."""

import json

import pytest


@pytest.fixture
def operation(v2):
    return lambda path, method: v2["paths"][f"/api/v2{path}"][method]


def _named(operation, place: str):
    return {each["name"]: each for each in operation["parameters"] if each.get("in") == place}


def test_a_query_has_every_field_that_text_can_set(operation) -> None:
    parameters = _named(operation("/rooms", "get"), "query")
    assert list(parameters) == [
        *("page_size", "page_token", "kind", "guest.full_name", "labels", "floors", "is_free", "hotel_id", "town")
    ]
    assert parameters["page_size"]["schema"] == {"type": "integer", "format": "int32", "minimum": 0, "default": 20}
    assert parameters["kind"]["schema"] == {"$ref": "#/components/schemas/Kind"}
    assert parameters["kind"]["description"] == "Only rooms of this sort."
    assert parameters["floors"]["schema"] == {"type": "array", "items": {"type": "string", "format": "int64"}}
    assert parameters["is_free"]["schema"] == {"type": "boolean"}
    assert parameters["town"]["deprecated"] is True


def test_a_map_of_a_query_is_written_with_brackets(operation) -> None:
    labels = _named(operation("/rooms", "get"), "query")["labels"]
    assert (labels["style"], labels["explode"]) == ("deepObject", True)


def test_a_required_field_is_a_required_parameter(operation) -> None:
    parameters = _named(operation("/rooms", "get"), "query")
    assert [name for name, each in parameters.items() if each.get("required")] == ["hotel_id"]


def test_a_path_parameter_has_its_fields_comment(operation) -> None:
    assert operation("/rooms/{room_id}", "get")["parameters"][0] == {
        "name": "room_id",
        "in": "path",
        "required": True,
        "description": "A Room's id.",
        "schema": {"type": "string"},
    }


def test_a_parameter_for_several_segments_says_so(describe) -> None:
    paths = describe("""
    message M { string a = 1; }
    service S { rpc Go(M) returns (M) { option (google.api.http) = {get: "/m/{a=**}"}; } }
    """)["paths"]
    assert paths["/m/{a}"]["get"]["parameters"][0]["description"] == "It may hold several segments, parted by slashes."


@pytest.mark.parametrize(
    ("path", "method", "header"),
    [
        ("/rooms/{room_id}", "patch", "If-Match"),
        ("/rooms/{room_id}:watch", "get", "Last-Event-ID"),
        ("/rooms", "post", "Idempotency-Key"),
    ],
)
def test_a_header_that_fills_a_field_is_a_parameter(path: str, method: str, header: str, operation) -> None:
    assert header in _named(operation(path, method), "header")


def test_what_many_operations_take_is_referred_to(operation) -> None:
    references = [
        each["$ref"].rpartition("/")[2] for each in operation("/rooms", "get")["parameters"] if "$ref" in each
    ]
    assert references == ["Fields", "IfNoneMatch"]


def test_a_body_is_required_where_a_field_of_it_is(operation) -> None:
    assert operation("/rooms", "post")["requestBody"]["required"] is True
    assert operation("/rooms/{room_id}:close", "post")["requestBody"]["required"] is False


def test_a_body_of_one_field_brings_its_comment(operation) -> None:
    assert operation("/rooms/{room_id}", "patch")["requestBody"] == {
        "description": "The new values.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RoomPatch"}}},
        "required": True,
    }


def test_a_raw_body_is_of_any_type(operation) -> None:
    assert operation("/pictures", "post")["requestBody"] == {"content": {"*/*": {}}, "required": True}


def test_a_body_of_many_messages_is_an_array_or_lines(operation) -> None:
    content = operation("/rooms/{room_id}:dictate", "post")["requestBody"]["content"]
    message = {"$ref": "#/components/schemas/TalkRequest"}
    assert content["application/json"]["schema"] == {"type": "array", "items": message}
    assert content["application/x-ndjson"]["x-itemSchema"] == message


def test_a_success_is_in_the_versions_envelope(operation, v1) -> None:
    created = operation("/rooms", "post")["responses"]["201"]["content"]["application/json"]["schema"]
    assert created["required"] == ["data", "meta"]
    assert created["properties"]["data"] == {"$ref": "#/components/schemas/Room"}
    flat = v1["paths"]["/api/v1/beds"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert flat["allOf"][0] == {"$ref": "#/components/schemas/Bed"}
    assert flat["allOf"][1]["required"] == ["_meta"]


def test_an_answer_that_may_be_nothing_may_be_null(describe) -> None:
    paths = describe("""
    message M { N n = 1; repeated string names = 2; }
    message N {}
    service S {
      rpc Go(M) returns (M) { option (google.api.http) = {get: "/n" response_body: "n"}; }
      rpc Names(M) returns (M) { option (google.api.http) = {get: "/names" response_body: "names"}; }
    }
    """)["paths"]
    shown = {
        path: item["get"]["responses"]["200"]["content"]["application/json"]["schema"] for path, item in paths.items()
    }
    assert shown == {
        "/n": {"anyOf": [{"$ref": "#/components/schemas/N"}, {"type": "null"}]},
        "/names": {"type": "array", "items": {"type": "string"}},
    }


def test_a_get_can_be_asked_for_again_at_no_cost(operation) -> None:
    responses = operation("/rooms", "get")["responses"]
    assert "etag" in responses["200"]["headers"]
    assert "content" not in responses["304"]
    assert "304" not in operation("/rooms", "post")["responses"]


def test_bytes_have_the_type_that_their_comment_names(operation) -> None:
    response = operation("/rooms/{room_id}/photo", "get")["responses"]["200"]
    assert response["description"] == "The photo, as `image/png`."
    assert response["content"] == {"image/png": {}}


def test_a_stream_is_shown_in_all_its_forms(operation) -> None:
    responses = operation("/rooms/{room_id}:watch", "get")["responses"]
    content = responses["200"]["content"]
    event = {"$ref": "#/components/schemas/RoomEvent"}
    assert content["application/json"]["schema"] == {"type": "array", "items": event}
    assert content["application/x-ndjson"]["x-itemSchema"]["anyOf"][0] == event
    assert content["text/event-stream"]["example"].startswith("retry: 3000\nid: cursor\nevent: arrived\ndata: {")
    lines = content["application/x-ndjson"]["example"].splitlines()
    assert [sorted(json.loads(line)) for line in lines] == [
        ["arrived", "coins", "cursor"],
        ["coins", "cursor", "left"],
    ]
    assert "204" in responses


def test_an_error_in_the_middle_of_a_plain_stream_is_described(describe) -> None:
    document = describe("""
    import "google/api/httpbody.proto";
    message M { string a = 1; M inner = 2; repeated M more = 3; map<string, M> by_name = 4; bytes raw = 5; }
    service S {
      rpc Go(M) returns (stream M) { option (google.api.http) = {get: "/m"}; }
      rpc Raw(M) returns (stream google.api.HttpBody) { option (google.api.http) = {get: "/raw"}; }
      rpc Texts(M) returns (stream M) { option (google.api.http) = {get: "/texts" response_body: "a"}; }
    }
    """)
    content = document["paths"]["/m"]["get"]["responses"]["200"]["content"]
    assert content["application/x-ndjson"]["x-itemSchema"]["anyOf"][1]["required"] == ["error"]
    assert document["paths"]["/raw"]["get"]["responses"]["200"]["content"] == {"*/*": {}}
    texts = document["paths"]["/texts"]["get"]["responses"]["200"]["content"]
    assert texts["application/x-ndjson"]["example"] == '"a"\n'
