"""How messages, fields and enums look in `components/schemas`."""

import json

import pytest
from jsonschema import Draft202012Validator


def test_an_answer_requires_what_is_always_printed(schemas) -> None:
    assert set(schemas["Room"]["required"]) == {
        "id",
        "name",
        "kind",
        "built_at",
        "names",
        "behind",
        "etag",
        "lines",
    } | {"old_number"}


def test_what_may_be_absent_is_not_required(schemas) -> None:
    absent = set(schemas["Room"]["properties"]) - set(schemas["Room"]["required"])
    assert absent == {"guest", "floor", "safe_password"}


def test_a_message_that_nobody_described_may_be_absent(schemas) -> None:
    assert schemas["ListRoomsResponse"]["required"] == ["rooms", "next_page_token"]


def test_a_request_requires_what_the_contract_does(schemas) -> None:
    assert schemas["RoomInput"]["required"] == ["name"]


def test_a_request_has_nothing_that_only_answers_have(schemas) -> None:
    assert {"id", "etag"} <= set(schemas["Room"]["properties"])
    assert not {"id", "etag"} & set(schemas["RoomInput"]["properties"])


def test_a_patch_requires_nothing_and_can_clear(schemas) -> None:
    patch = schemas["RoomPatch"]
    assert "required" not in patch
    assert patch["properties"]["floor"]["type"] == ["integer", "null"]
    assert patch["properties"]["guest"]["anyOf"][1] == {"type": "null"}
    assert patch["properties"]["safe_password"]["type"] == "string"


def test_a_body_has_nothing_that_the_path_says(schemas) -> None:
    assert "name" not in schemas["RoomPatch"]["properties"]
    assert set(schemas["CloseRoomRequest"]["properties"]) == {"reason"}


def test_marks_of_fields_are_shown(schemas) -> None:
    room = schemas["Room"]["properties"]
    assert room["id"] == {"type": "string", "format": "uuid", "description": "UUID.", "readOnly": True}
    assert room["safe_password"]["writeOnly"] is True
    assert room["safe_password"]["format"] == "password"
    assert room["old_number"]["deprecated"] is True


def test_comments_are_shown(schemas) -> None:
    assert schemas["Room"]["description"] == "A room.\n\nIt has a door."
    assert schemas["Room"]["properties"]["guest"] == {
        "$ref": "#/components/schemas/Guest",
        "description": "Who stays there. Absent: nobody.",
    }


def test_limits_of_a_list_and_of_its_elements_are_told_apart(schemas) -> None:
    names = schemas["Room"]["properties"]["names"]
    assert names["maxItems"] == 3
    assert names["items"] == {"type": "string", "minLength": 2, "maxLength": 20}


def test_an_enum_has_the_values_that_are_sent(schemas) -> None:
    kind = schemas["Kind"]
    assert kind["enum"] == ["KIND_SINGLE", "KIND_DOUBLE"]
    assert kind["x-deprecated-values"] == ["KIND_DOUBLE"]
    assert kind["description"] == "What sort of room it is.\n\n- `KIND_SINGLE`: For one.\n- `KIND_DOUBLE`: For two."


def test_a_message_that_holds_itself_refers_to_itself(schemas) -> None:
    behind = schemas["Room"]["properties"]["behind"]
    assert behind["additionalProperties"] == {"$ref": "#/components/schemas/Room"}


def test_a_message_within_another_has_both_names(schemas) -> None:
    assert schemas["Room.Line"]["properties"]["text"] == {"type": "string"}


def test_a_message_that_looks_the_same_both_ways_has_one_schema(describe) -> None:
    schemas = describe("""
    message Shelf { string name = 1; Shelf next = 2; Box box = 3; }
    message Box { int32 size = 1; }
    service S { rpc M(Shelf) returns (Shelf) { option (google.api.http) = {post: "/m" body: "*"}; } }
    """)["components"]["schemas"]
    assert {name for name in schemas if name.startswith(("Shelf", "Box"))} == {"Shelf", "Box"}


def test_what_holds_a_message_of_two_shapes_has_two_itself(schemas) -> None:
    inner = schemas["RoomInput"]["properties"]["lines"]["items"]
    assert inner == {"$ref": "#/components/schemas/Room.LineInput"}
    assert schemas["Room"]["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/Room.Line"}


def test_exactly_one_member_of_a_oneof_is_in_every_answer(is_valid) -> None:
    event = {"cursor": "1"}
    guest = {"full_name": "Aylin"}
    assert is_valid({**event, "arrived": guest}, "RoomEvent")
    assert not is_valid(event, "RoomEvent")
    assert not is_valid({**event, "arrived": guest, "left": guest}, "RoomEvent")


def test_a_oneof_that_may_be_absent_requires_nothing(is_valid, schemas) -> None:
    event = {"cursor": "1", "left": {"full_name": "Aylin"}}
    assert is_valid({**event, "coins": 3}, "RoomEvent")
    assert schemas["RoomEvent"]["x-oneof"] == {"event": ["arrived", "left"], "cost": ["coins", "favour"]}


def test_two_oneofs_are_told_one_by_one(is_valid, schemas) -> None:
    assert is_valid({"coins": 3, "guest_id": "7"}, "Bill")
    assert not is_valid({"coins": 3}, "Bill")
    assert not is_valid({"coins": 3, "notes": 1, "guest_id": "7"}, "Bill")
    assert schemas["Bill"]["deprecated"] is True


def test_unknown_fields_are_refused_in_requests_alone(is_valid) -> None:
    assert not is_valid({"reason": "late", "colour": "red"}, "CloseRoomRequest")
    assert is_valid({"full_name": "Aylin", "colour": "red"}, "Guest")


def test_a_version_that_passes_over_unknown_fields_says_nothing_of_them(v1) -> None:
    assert "additionalProperties" not in v1["components"]["schemas"]["BedRequest"]


_TYPES = """
import "google/protobuf/any.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/struct.proto";
import "google/protobuf/empty.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/timestamp.proto";
import "google/protobuf/field_mask.proto";
message All {
  double a_double = 1; float a_float = 2; int64 an_int64 = 3; uint64 a_uint64 = 4; int32 an_int32 = 5;
  uint32 a_uint32 = 6; bool a_bool = 7; string a_string = 8; bytes a_bytes = 9;
  google.protobuf.Timestamp a_time = 10; google.protobuf.Duration a_duration = 11; google.protobuf.Struct a_struct = 12;
  google.protobuf.Value a_value = 13; google.protobuf.ListValue a_list = 14; google.protobuf.Any an_any = 15;
  google.protobuf.Empty an_empty = 16; google.protobuf.Int64Value a_wrapper = 17;
  google.protobuf.NullValue a_null = 18; google.protobuf.FieldMask a_mask = 19; repeated int64 many = 20;
  map<int32, bool> flags = 21; string renamed = 22 [json_name = "otherName"];
}
service S {
  rpc M(All) returns (All) { option (google.api.http) = {post: "/all" body: "*"}; }
  rpc Many(All) returns (stream All) { option (google.api.http) = {get: "/all"}; }
}
"""


@pytest.fixture
def all_types(describe):
    return describe(_TYPES)


@pytest.fixture
def types(all_types):
    return all_types["components"]["schemas"]["All"]["properties"]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("aDouble", {"type": "number", "format": "double"}),
        ("aFloat", {"type": "number", "format": "float"}),
        ("anInt64", {"type": "string", "format": "int64"}),
        ("aUint64", {"type": "string", "format": "uint64"}),
        ("anInt32", {"type": "integer", "format": "int32"}),
        ("aUint32", {"type": "integer", "format": "uint32", "minimum": 0}),
        ("aBool", {"type": "boolean"}),
        ("aString", {"type": "string"}),
        ("aBytes", {"type": "string", "contentEncoding": "base64"}),
        ("aTime", {"type": "string", "format": "date-time"}),
        ("aDuration", {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$", "examples": ["1.5s"]}),
        ("aStruct", {"type": "object", "additionalProperties": True}),
        ("aValue", {}),
        ("aList", {"type": "array", "items": {}}),
        ("anAny", {"type": "object", "properties": {"@type": {"type": "string"}}, "additionalProperties": True}),
        ("anEmpty", {"$ref": "#/components/schemas/Empty"}),
        ("aWrapper", {"type": "string", "format": "int64"}),
        ("aNull", {"type": "null"}),
        ("aMask", {"type": "string", "description": "Names of fields, parted by commas."}),
        ("many", {"type": "array", "items": {"type": "string", "format": "int64"}}),
        ("flags", {"type": "object", "additionalProperties": {"type": "boolean"}}),
        ("otherName", {"type": "string"}),
    ],
)
def test_every_type_is_as_proto_json_has_it(name: str, schema, types) -> None:
    assert types[name] == schema


def test_an_example_of_every_type_is_as_its_schema_says(all_types) -> None:
    content = all_types["paths"]["/all"]["get"]["responses"]["200"]["content"]["application/x-ndjson"]
    schema = {"components": all_types["components"], **content["x-itemSchema"]}
    example = json.loads(content["example"])
    assert len(example) > 15
    Draft202012Validator(schema).validate(example)


def test_a_name_that_two_packages_have_is_whole(describe) -> None:
    schemas = describe("""
    import "google/protobuf/empty.proto";
    message Empty {}
    message Meta { Empty mine = 1; google.protobuf.Empty theirs = 2; }
    service S { rpc M(Meta) returns (Meta) { option (google.api.http) = {get: "/m"}; } }
    """)["components"]["schemas"]
    assert {"inn.v1.Empty", "google.protobuf.Empty", "Meta"} <= set(schemas)


def test_a_message_never_takes_the_name_of_a_schema_of_our_own(describe) -> None:
    schemas = describe("""
    message Error { string why = 1; }
    service S { rpc M(Error) returns (Error) { option (google.api.http) = {get: "/m"}; } }
    """)["components"]["schemas"]
    assert schemas["inn.v1.Error"]["properties"] == {"why": {"type": "string"}}
    assert schemas["Error"]["description"] == "A google.rpc.Status."
