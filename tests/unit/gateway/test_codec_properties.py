"""What holds of the codec for every JSON value."""

import math

import pytest
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings, strategies as st

from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.fault import Fault
from gateway.codec.json_text import dump, parse
from gateway.codec.names import JsonStyle

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def kinds(image):
    return GetMessageClass(image.pool.FindMessageTypeByName("kinds.v1.Kinds"))


def _reads(image, kinds, value, style):
    message = kinds()
    Readers(image.pool, style).message(kinds.DESCRIPTOR)(value, message)
    return message


@settings(deadline=None, max_examples=100)
@given(value=_JSON)
def test_any_json_value_survives_in_a_value(image, kinds, value):
    written = Writers(image.pool, JsonStyle()).message(kinds.DESCRIPTOR)(
        _reads(image, kinds, {"value": value}, JsonStyle())
    )
    assert written["value"] == value


_NAMES = st.sampled_from(
    [
        *("double_one", "floatOne", "int32One", "int64_many", "boolOne", "string_one", "bytesOne", "enum_one"),
        *("choiceNull", "byBool", "colors", "int32Maybe", "doubleValue", "timestamp", "duration", "mask", "renamed"),
        *("kindsOne", "kindsMany", "by_int64", "any", "struct", "list", "value", "nope"),
    ]
)
_WILD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["NaN", "1s", "COLOR_RED", "2026-01-02T03:04:05Z", "a.b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(value=st.dictionaries(_NAMES, _WILD, max_size=4) | _WILD)
def test_whatever_is_sent_is_read_or_refused_with_a_path_that_can_be_sent_back(image, kinds, value):
    try:
        message = _reads(image, kinds, value, JsonStyle())
    except Fault as fault:
        fault.path.encode()
        return
    again = Writers(image.pool, JsonStyle()).message(kinds.DESCRIPTOR)(message)
    assert repr(_reads(image, kinds, parse(dump(again)), JsonStyle())) == repr(message)
    assert not any(isinstance(item, float) and math.isnan(item) for item in again.values())
