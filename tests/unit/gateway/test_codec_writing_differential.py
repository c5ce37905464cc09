"""The codec writes messages as json_format does, but for the listed differences, and reads them back."""

import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, strategies as st
from unit.gateway.codec_comparison import bytes_of, codec
from unit.gateway.fuzz import FUZZ
from unit.gateway.message_maker import ROOTS, Maker

from gateway.codec.encode import Writers
from gateway.codec.json_text import dump, parse
from gateway.codec.names import JsonStyle

WRITTEN_OTHERWISE = {
    "An explicit json_name holds in the style of proto names too; json_format writes the field's name.": (
        JsonStyle(proto_names=True),
        {"odd_name": "x"},
        {"renamed": "x"},
        {"odd_name": "x"},
    ),
    "In the style of proto names a field mask has them too; json_format writes lowerCamelCase.": (
        JsonStyle(proto_names=True),
        {"mask": {"paths": ["a_b"]}},
        {"mask": "a_b"},
        {"mask": "aB"},
    ),
    "NullValue stays null where enums are numbers; json_format writes 0.": (
        JsonStyle(enums_as_numbers=True),
        {"choice_null": 0},
        {"choiceNull": None},
        {"choiceNull": 0},
    ),
    "An Any of an unknown type keeps `@type` and its bytes in base64; json_format fails.": (
        JsonStyle(),
        {"any": {"type_url": "x/no.such.Type", "value": b"\x01"}},
        {"any": {"@type": "x/no.such.Type", "value": "AQ=="}},
        None,
    ),
    "An Any whose bytes are not of its type keeps them in base64; json_format fails.": (
        JsonStyle(),
        {"any": {"type_url": "x/kinds.v1.Kinds", "value": b"\xff"}},
        {"any": {"@type": "x/kinds.v1.Kinds", "value": "/w=="}},
        None,
    ),
}
"""Of writing: style, fields of kinds.v1.Kinds, what the codec writes, what json_format writes (None: it fails)."""

_STYLES = (
    JsonStyle(),
    JsonStyle(print_defaults=True),
    JsonStyle(enums_as_numbers=True),
    JsonStyle(proto_names=True, print_defaults=True),
)


@pytest.mark.parametrize(("style", "fields", "written", "theirs"), WRITTEN_OTHERWISE.values(), ids=WRITTEN_OTHERWISE)
def test_each_listed_difference_of_writing_is_one(rich, style, fields, written, theirs):
    message = GetMessageClass(rich.pool.FindMessageTypeByName("kinds.v1.Kinds"))(**fields)
    assert Writers(rich.pool, style).message(message.DESCRIPTOR)(message) == written
    try:
        expected = json_format.MessageToDict(
            message,
            preserving_proto_field_name=style.proto_names,
            use_integers_for_enums=style.enums_as_numbers,
            descriptor_pool=rich.pool,
        )
    except (TypeError, DecodeError):
        expected = None
    assert expected == theirs


def _sorted(value):
    """Return a JSON value with its members by name, and `odd_name` under the name that its .proto gives it."""
    if isinstance(value, dict):
        members = {"renamed" if key == "odd_name" else key: _sorted(item) for key, item in value.items()}
        return dict(sorted(members.items()))
    return [_sorted(item) for item in value] if isinstance(value, list) else repr(value)


@pytest.mark.parametrize("root", ROOTS)
@FUZZ
@given(random=st.randoms(use_true_random=False), style=st.sampled_from(_STYLES))
def test_a_message_is_written_as_json_format_writes_it_and_read_back(rich, root, random, style):
    avoided = ["mask"] if style.proto_names else []
    avoided += ["null_one", "nulls", "null_map", "choice_null"] if style.enums_as_numbers else []
    message = Maker(rich, random, avoided).message(rich.pool.FindMessageTypeByName(root))
    readers, writers = codec(rich, style)
    written = writers.message(message.DESCRIPTOR)(message)
    expected = json_format.MessageToDict(
        message,
        preserving_proto_field_name=style.proto_names,
        always_print_fields_with_no_presence=style.print_defaults,
        use_integers_for_enums=style.enums_as_numbers,
        descriptor_pool=rich.pool,
    )
    assert _sorted(written) == _sorted(expected)
    again = GetMessageClass(message.DESCRIPTOR)()
    readers.message(message.DESCRIPTOR)(parse(dump(written)), again)
    assert bytes_of(again) == bytes_of(message)
