"""What proto2 and editions add: required fields, extensions, groups, closed enums, names that clash."""

from pathlib import Path

import pytest
from google.protobuf.message_factory import GetMessageClass
from grpc_tools import protoc

from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.fault import EncodeError, Fault
from gateway.codec.json_text import dump
from gateway.codec.names import JsonStyle
from gateway.codec.wire import serialize
from gateway.image import Image

_PROTOS = Path(__file__).parent / "codec_protos"
_BUNDLED = Path(protoc.__file__).parent / "_proto"


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    target = tmp_path_factory.mktemp("second") / "descriptors.binpb"
    options = ["--include_imports", f"--descriptor_set_out={target}"]
    assert protoc.main(["protoc", f"-I{_PROTOS}", f"-I{_BUNDLED}", *options, "second.proto", "edition.proto"]) == 0
    return Image.read(target)


@pytest.fixture(scope="module")
def read(second):
    def read_json(name, value, style=JsonStyle()):  # noqa: B008  # frozen
        descriptor = second.pool.FindMessageTypeByName(name)
        message = GetMessageClass(descriptor)()
        Readers(second.pool, style).message(descriptor)(value, message)
        return message

    return read_json


@pytest.fixture(scope="module")
def write(second):
    return lambda message: Writers(second.pool, JsonStyle()).message(message.DESCRIPTOR)(message)


@pytest.mark.parametrize(
    "value",
    [
        {"int32One": 0, "stringOne": "", "boolOne": False, "floatOne": 0.0},
        {"size": "LARGE", "sizes": ["SMALL", "BELOW"], "named": {"a": "SOME"}},
        {"pair": {"left": "a", "right": "-5"}, "item": [{"rank": 1}, {}]},
        {"grouped": {"yes": True}},
        {"value": None},
        {"class": "x"},
        {"[second.v1.size_ext]": "5", "[second.v1.names_ext]": ["a", ""], "[second.v1.enum_ext]": "SMALL"},
        {"[second.v1.second_ext]": {"[second.v1.Other.nested_ext]": "NaN"}, "[second.v1.value_ext]": None},
        {"[second.v1.stricts_ext]": [{"id": "a", "inner": {"id": "b"}}]},
    ],
)
def test_proto2_reads_and_writes_back(read, write, value):
    assert write(read("second.v1.Second", value)) == value


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"size": 2}, "size"),
        ({"sizes": ["SMALL", 0]}, "sizes[1]"),
        ({"[second.v1.size_ext]": "x"}, "[second.v1.size_ext]"),
        ({"[second.v1.no_ext]": 1}, "[second.v1.no_ext]"),
        ({"[\ud800]": 1}, "[?]"),
        ({"inner": {"[second.v1.second_ext]": {"nope": 1}}}, "inner[second.v1.second_ext].nope"),
        ({"any": {"@type": "x/second.v1.Strict", "inner": {"id": "a"}}}, "any.id"),
    ],
)
def test_what_does_not_fit_proto2_is_refused_by_its_path(read, value, path):
    with pytest.raises(Fault) as caught:
        read("second.v1.Second", value)
    assert caught.value.path == path


def test_an_extension_belongs_to_one_message(read):
    with pytest.raises(Fault, match="no such field"):
        read("second.v1.Other", {"[second.v1.size_ext]": "5"})


def test_null_leaves_an_extension_unset(read, write):
    assert write(read("second.v1.Second", {"[second.v1.size_ext]": None})) == {}


def test_a_required_field_is_asked_for_by_its_path(read):
    with pytest.raises(Fault) as caught:
        serialize(read("second.v1.Strict", {"id": "a", "inner": {}}), may_nest=False)
    assert (caught.value.path, caught.value.reason) == ("inner.id", "REQUIRED")


def test_of_two_fields_with_one_name_in_json_each_is_reached(read):
    clash = read("second.v1.Clash", {"fooBar": 2, "foo_bar": 1})
    assert (clash.foo_bar, clash.fooBar) == (1, 2)


def test_an_edition_has_presence_field_by_field(read, write):
    value = {"implicitInt32": 0, "explicitInt32": 0, "explicitString": "", "delimited": {}, "number": 0}
    written = write(read("edition.v1.Edition", value))
    assert written == {"explicitInt32": 0, "explicitString": "", "delimited": {}, "number": 0}


def test_text_that_is_not_utf_8_has_no_json(second):  # json_format writes Python's spelling of the bytes
    message = GetMessageClass(second.pool.FindMessageTypeByName("edition.v1.Edition")).FromString(b"\x6a\x01\xff")
    with pytest.raises(EncodeError):
        dump(Writers(second.pool, JsonStyle()).message(message.DESCRIPTOR)(message))
