"""ProtoJSON, value by value: what is written, what is read, what is refused."""

import pytest
from google.protobuf.message_factory import GetMessageClass

from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.fault import EncodeError, Fault
from gateway.codec.names import JsonStyle, camel_case
from gateway.codec.scalars import text_converter
from gateway.codec.wire import nests, serialize


@pytest.fixture(scope="module")
def kinds(image):
    return GetMessageClass(image.pool.FindMessageTypeByName("kinds.v1.Kinds"))


@pytest.fixture(scope="module")
def read(image, kinds):
    def read_json(value, style=JsonStyle()):  # noqa: B008  # frozen
        message = kinds()
        Readers(image.pool, style).message(kinds.DESCRIPTOR)(value, message)
        return message

    return read_json


@pytest.fixture(scope="module")
def write(image, kinds):
    return lambda message, style=JsonStyle(): Writers(image.pool, style).message(kinds.DESCRIPTOR)(message)  # noqa: B008  # frozen


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"doubleOne": 1.5, "floatOne": 0.1, "int32One": -5, "uint32One": 5},
        {"int64One": "-9223372036854775808", "uint64One": "18446744073709551615", "fixed64One": "1"},
        {"doubleOne": "NaN", "floatOne": "-Infinity"},
        {"boolOne": True, "stringOne": "é😀", "bytesOne": "AP+/", "enumOne": "COLOR_MINUS"},
        {"enumOne": 99, "enumMany": ["COLOR_RED", 7]},
        {"kindsOne": {"kindsOne": {}}, "kindsMany": [{}, {"int32One": 1}]},
        {"int64Many": ["1", "2"], "stringMany": ["", "a"], "doubleMany": [1.5, "Infinity"]},
        {"byString": {"": "x", "a": ""}, "byInt64": {"-1": {}}, "byBool": {"false": "1", "true": "2"}},
        {"colors": {"a": "COLOR_RED"}, "wrapped": {"a": 0}},
        {"choiceInt32": 0},
        {"choiceKinds": {}},
        {"choiceNull": None},
        {"int32Maybe": 0, "enumMaybe": "COLOR_UNSPECIFIED"},
        {"doubleValue": 0.0, "floatValue": 2.5, "int64Value": "0", "uint64Value": "6", "int32Value": 0},
        {"uint32Value": 8, "boolValue": False, "stringValue": "", "bytesValue": ""},
        {"timestamp": "0001-01-01T00:00:00Z"},
        {"timestamp": "9999-12-31T23:59:59.999999999Z"},
        {"timestamp": "1969-12-31T23:59:59.500Z", "timestampMany": ["2026-01-02T03:04:05.000001Z"]},
        {"duration": "-0.500s"},
        {"duration": "315576000000s"},
        {"mask": "boolOne,kindsOne.stringOne"},
        {"mask": ""},
        {"struct": {"a": 1.0, "b": [True, None, "x", {}], "c": {"d": {}}}},
        {"value": None},
        {"value": [1.5, "a", None]},
        {"valueMany": [None, False, {}]},
        {"list": []},
        {"any": {}},
        {"any": {"@type": "type.googleapis.com/kinds.v1.Kinds", "stringOne": "x"}},
        {"any": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}},
        {"any": {"@type": "type.googleapis.com/google.protobuf.Any", "value": {}}},
        {"empty": {}},
        {"renamed": "a", "class": "b"},
    ],
)
def test_json_reads_and_writes_back(read, write, value):
    assert write(read(value)) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"int32_one": 1, "odd_name": "x"}, {"int32One": 1, "renamed": "x"}),
        ({"int32One": "42", "int64One": 7}, {"int32One": 42, "int64One": "7"}),
        ({"int32One": 1e5, "int64One": "1e3"}, {"int32One": 100000, "int64One": "1000"}),
        ({"int32One": 0, "stringOne": "", "enumOne": 0}, {}),
        ({"int32One": None, "kindsOne": None, "byString": None, "int64Many": None, "kindsMany": None}, {}),
        (
            {"wrapped": None, "timestamp": None, "nullOne": None, "choiceString": None, "choiceInt32": 4},
            {"choiceInt32": 4},
        ),
        ({"doubleOne": "1e3", "floatOne": -1}, {"doubleOne": 1000.0, "floatOne": -1.0}),
        ({"bytesOne": "AP-_", "bytesValue": "AQ"}, {"bytesOne": "AP+/", "bytesValue": "AQ=="}),
        ({"enumOne": 1.0}, {"enumOne": "COLOR_RED"}),
        ({"timestamp": "2026-01-02T03:04:05+02:00"}, {"timestamp": "2026-01-02T01:04:05Z"}),
        ({"duration": "1.5s"}, {"duration": "1.500s"}),
        ({"value": 3, "nullOne": "NULL_VALUE"}, {"value": 3.0}),
    ],
)
def test_other_spellings_of_a_value_are_read(read, write, value, written):
    assert write(read(value)) == written


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], ""),
        (None, ""),
        ({"nope": 1}, "nope"),
        ({"kindsOne": {"nope": 1}}, "kindsOne.nope"),
        ({"kindsMany": [{}, {"boolOne": 1}]}, "kindsMany[1].boolOne"),
        ({"kindsMany": [None]}, "kindsMany[0]"),
        ({"kindsMany": {}}, "kindsMany"),
        ({"int64Many": [1, "x"]}, "int64Many[1]"),
        ({"int64Many": 5}, "int64Many"),
        ({"byInt64": {"1": {"nope": 1}}}, "byInt64[1].nope"),
        ({"byInt64": {"x": {}}}, "byInt64[x]"),
        ({"byInt64": {"1": {}, "1e0": {}}}, "byInt64[1e0]"),
        ({"byInt64": {"1": None}}, "byInt64[1]"),
        ({"byString": {"a": None}}, "byString[a]"),
        ({"byString": []}, "byString"),
        ({"byBool": {"1": "1"}}, "byBool[1]"),
        ({"int32One": 1, "int32_one": 1}, "int32_one"),
        ({"choiceString": "x", "choiceInt32": 1}, "choiceInt32"),
        ({"choiceNull": None, "choiceInt32": 1}, "choiceNull"),
        ({"int32One": 2**31}, "int32One"),
        ({"uint32One": -1}, "uint32One"),
        ({"uint64One": "18446744073709551616"}, "uint64One"),
        ({"int32One": 1.5}, "int32One"),
        ({"int32One": "1e-1"}, "int32One"),
        ({"int64One": "1e9999"}, "int64One"),
        ({"int32One": ""}, "int32One"),
        ({"int32One": " 5"}, "int32One"),
        ({"int32One": "01"}, "int32One"),
        ({"int32One": True}, "int32One"),
        ({"doubleOne": "inf"}, "doubleOne"),
        ({"doubleOne": True}, "doubleOne"),
        ({"doubleOne": 10**400}, "doubleOne"),
        ({"doubleOne": float("inf")}, "doubleOne"),
        ({"floatOne": 1e39}, "floatOne"),
        ({"boolOne": "true"}, "boolOne"),
        ({"boolOne": 1}, "boolOne"),
        ({"stringOne": 5}, "stringOne"),
        ({"stringOne": "\ud800"}, "stringOne"),
        ({"\ud800": 1}, "?"),
        ({"bytesOne": "!!!!"}, "bytesOne"),
        ({"bytesOne": "A"}, "bytesOne"),
        ({"bytesOne": 5}, "bytesOne"),
        ({"enumOne": "COLOR_PINK"}, "enumOne"),
        ({"enumOne": []}, "enumOne"),
        ({"nullOne": 1}, "nullOne"),
        ({"kindsOne": "x"}, "kindsOne"),
        ({"timestamp": "2026-01-02T03:04:05"}, "timestamp"),
        ({"timestamp": "2026-02-30T03:04:05Z"}, "timestamp"),
        ({"timestamp": "0000-01-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+01:00"}, "timestamp"),
        ({"timestamp": "2026-01-02T03:04:05+24:00"}, "timestamp"),
        ({"timestamp": 5}, "timestamp"),
        ({"duration": "5m"}, "duration"),
        ({"duration": 5}, "duration"),
        ({"duration": "315576000001s"}, "duration"),
        ({"mask": "bool_one"}, "mask"),
        ({"mask": "\ud800"}, "mask"),
        ({"struct": []}, "struct"),
        ({"struct": {"a": {"b": float("inf")}}}, "struct.a.b"),
        ({"struct": {"\ud800": 1}}, "struct.?"),
        ({"list": {}}, "list"),
        ({"list": [1, 10**400]}, "list[1]"),
        ({"value": {"a": "\ud800"}}, "value.a"),
        ({"any": []}, "any"),
        ({"any": {"stringOne": "x"}}, "any"),
        ({"any": {"@type": "kinds.v1.Kinds"}}, "any.@type"),
        ({"any": {"@type": "x/nowhere.v1.Thing"}}, "any.@type"),
        ({"any": {"@type": "x/google.protobuf.Duration", "value": "1s", "more": 1}}, "any"),
        ({"empty": {"a": 1}}, "empty.a"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_path(read, value, path):
    with pytest.raises(Fault) as caught:
        read(value)
    assert caught.value.path == path


def test_names_may_stay_as_in_the_proto(read, write):
    style = JsonStyle(proto_names=True)
    value = {"int32_one": 1, "renamed": "x", "mask": "bool_one,kinds_one.string_one"}
    assert write(read(value, style), style) == value
    assert write(read({"int32One": 1, "mask": "boolOne"}, style), style) == {"int32_one": 1, "mask": "bool_one"}
    with pytest.raises(Fault, match="spelling"):
        read({"int32One": 1, "int32_one": 1}, style)


def test_unknown_fields_may_be_passed_over(read, write):
    style = JsonStyle(ignore_unknown=True)
    assert write(read({"nope": {"a": 1}, "kindsOne": {"nope": 1, "int32One": 1}}, style)) == {
        "kindsOne": {"int32One": 1}
    }


def test_defaults_of_fields_without_presence_may_be_printed(kinds, write):
    written = write(kinds(), JsonStyle(print_defaults=True))
    assert written["int32One"] == 0
    assert written["int64One"] == "0"
    assert written["enumOne"] == "COLOR_UNSPECIFIED"
    assert written["stringMany"] == []
    assert written["byString"] == {}
    assert written["nullOne"] is None
    assert not written.keys() & {"kindsOne", "choiceString", "int32Maybe", "timestamp", "boolValue"}


def test_negative_zero_is_no_default(kinds, write):
    written = write(kinds(double_one=-0.0, float_one=0.0))
    assert str(written["doubleOne"]) == "-0.0"
    assert "floatOne" not in written


@pytest.mark.parametrize("value", [0.1, 16777216.0, 3.4028234663852886e38, 1e-45, 1.17549435e-38])
def test_a_float_has_the_digits_that_it_needs(kinds, write, value):
    message = kinds(float_one=value)
    written = write(message)["floatOne"]
    assert kinds(float_one=written) == message
    assert len(repr(written)) <= len(repr(message.float_one))


@pytest.mark.parametrize(
    "fields",
    [
        {"timestamp": {"seconds": 253402300800}},
        {"timestamp": {"nanos": -1}},
        {"duration": {"seconds": 1, "nanos": -1}},
        {"duration": {"seconds": 315576000001}},
        {"mask": {"paths": ["a_1"]}},
        {"value": {"number_value": float("nan")}},
    ],
)
def test_a_message_without_a_json_form_is_an_error(kinds, write, fields):
    with pytest.raises(EncodeError):
        write(kinds(**fields))


@pytest.mark.parametrize(
    "any_value",
    [{"type_url": "x/nowhere.v1.Thing", "value": b"\x00"}, {"type_url": "x/kinds.v1.Kinds", "value": b"\xff"}],
)
def test_an_any_that_cannot_be_read_keeps_its_bytes(kinds, write, any_value):
    written = write(kinds(any=any_value))["any"]
    assert written["@type"] == any_value["type_url"]
    assert set(written) == {"@type", "value"}


@pytest.mark.parametrize(
    ("name", "camel"), [("a_b", "aB"), ("snake_case_2_name", "snakeCase2Name"), ("_a", "A"), ("a", "a")]
)
def test_names_become_camel_case_as_protoc_does(name, camel):
    assert camel_case(name) == camel


def test_enums_with_two_names_for_a_number_write_the_first(compile_proto):
    image = compile_proto(
        "package e; enum E { option allow_alias = true; ZERO = 0; ONE = 1; UNO = 1; } message M { E e = 1; }"
    )
    descriptor = image.pool.FindMessageTypeByName("e.M")
    message = GetMessageClass(descriptor)(e=1)
    assert Writers(image.pool, JsonStyle()).message(descriptor)(message) == {"e": "ONE"}


def test_enum_names_may_be_read_in_any_case(read, write):
    style = JsonStyle(case_insensitive_enums=True)
    assert write(read({"enumOne": "color_RED", "enumMany": ["color_minus"]}, style)) == {
        "enumOne": "COLOR_RED",
        "enumMany": ["COLOR_MINUS"],
    }
    with pytest.raises(Fault):
        read({"enumOne": "COLOR_PIN\u212a"}, style)  # the Kelvin sign's lower case is k


def test_enums_may_be_written_as_numbers(kinds, write):
    message = kinds(enum_one=-1, enum_many=[1, 7], colors={"a": 1})
    written = write(message, JsonStyle(enums_as_numbers=True))
    assert written == {"enumOne": -1, "enumMany": [1, 7], "colors": {"a": 1}}


def test_unknown_enum_names_are_passed_over_with_unknown_fields(read, write):
    value = {"enumOne": "NOPE", "enumMany": ["COLOR_RED", "NOPE", 7], "colors": {"a": "NOPE", "b": "COLOR_RED"}}
    written = write(read(value, JsonStyle(ignore_unknown=True)))
    assert written == {"enumMany": ["COLOR_RED", 7], "colors": {"b": "COLOR_RED"}}


@pytest.mark.parametrize(
    ("text", "style", "number"),
    [("COLOR_RED", JsonStyle(), 1), ("1", JsonStyle(), 1), ("color_red", JsonStyle(case_insensitive_enums=True), 1)],
)
def test_an_enum_in_a_query_is_a_name_or_a_number(kinds, text, style, number):
    assert text_converter(kinds.DESCRIPTOR.fields_by_name["enum_one"], style)(text) == number


def test_a_message_read_empty_is_there(read):
    value = {"kindsOne": {"stringOne": None}, "struct": {}, "mask": "", "list": [], "any": {}, "choiceKinds": {}}
    message = read(value)
    assert all(message.HasField(name) for name in ("kinds_one", "struct", "mask", "list", "any", "choice_kinds"))
    assert read({"kindsOne": {"kindsMany": [], "byString": {}}}).HasField("kinds_one")


@pytest.mark.parametrize("value", [{"kindsMany": False}, {"byString": 0}, {"stringMany": ""}, {"byString": []}])
def test_an_empty_value_of_another_kind_is_no_empty_list(read, value):
    with pytest.raises(Fault, match="expected") as caught:
        read(value)
    assert caught.value.path == next(iter(value))


def test_a_fault_has_the_spelling_that_the_client_used(read):
    with pytest.raises(Fault) as caught:
        read({"kinds_one": {"bool_one": 5}})
    assert caught.value.path == "kinds_one.bool_one"


def test_two_other_spellings_of_one_field_are_refused(compile_proto):
    image = compile_proto('package s; message M { string a_b = 1 [json_name = "c"]; }')
    descriptor = image.pool.FindMessageTypeByName("s.M")
    style = JsonStyle()
    _, others = style.keys(descriptor)
    assert others == {"a_b": "c"}
    message = GetMessageClass(descriptor)()
    Readers(image.pool, style).message(descriptor)({"a_b": "x"}, message)
    assert message.a_b == "x"


def test_any_without_a_type_keeps_its_bytes(kinds, write):
    assert write(kinds(any={"value": b"\x01"}))["any"] == {"@type": "", "value": "AQ=="}


def test_one_field_alone_is_read_and_written(image, kinds):
    fields = kinds.DESCRIPTOR.fields_by_name
    readers, writers = Readers(image.pool, JsonStyle()), Writers(image.pool, JsonStyle())
    message = kinds()
    readers.field(fields["int32_one"])(message, "5")
    readers.field(fields["string_one"])(message, None)
    readers.field(fields["value"])(message, None)
    assert writers.field(fields["int32_one"])(message) == 5
    assert writers.field(fields["string_one"])(message) == ""
    assert writers.field(fields["kinds_one"])(message) is None
    assert writers.field(fields["value"])(message) is None
    assert message.HasField("value")
    with pytest.raises(Fault, match="range"):
        readers.field(fields["int32_one"])(message, 2**31)


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}])
def test_a_message_too_deep_for_protobuf_is_a_fault(read, wrap):
    value = 1
    for _ in range(60):
        value = wrap(value)
    with pytest.raises(Fault, match="deeper"):
        serialize(read({"value": value}), may_nest=True)
    with pytest.raises(Fault, match="deeper"):
        read({"any": {"@type": "x/google.protobuf.Value", "value": value}})


@pytest.mark.parametrize(
    ("name", "is_endless"),
    [("kinds.v1.Kinds", True), ("google.protobuf.Struct", True), ("google.protobuf.Timestamp", False)],
)
def test_only_types_that_hold_themselves_nest_without_end(image, name, is_endless):
    assert nests(image.pool.FindMessageTypeByName(name)) is is_endless
