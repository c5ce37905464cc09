"""The codec against protobuf's own json_format, over messages and JSON values made at random."""

import math

import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings, strategies as st

from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.fault import Fault
from gateway.codec.json_text import dump, parse
from gateway.codec.names import JsonStyle

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_DOUBLES = st.floats(width=64)
_INT32 = st.integers(-(2**31), 2**31 - 1)
_INT64 = st.integers(-(2**63), 2**63 - 1)
_UINT64 = st.integers(0, 2**64 - 1)
_ENUM = st.sampled_from([0, 1, -1])
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_SCALARS = {
    "double_one": _DOUBLES,
    "float_one": st.floats(width=32),
    "int32_one": _INT32,
    "int64_one": _INT64,
    "uint32_one": st.integers(0, 2**32 - 1),
    "uint64_one": _UINT64,
    "sint64_one": _INT64,
    "fixed64_one": _UINT64,
    "bool_one": st.booleans(),
    "string_one": _TEXT,
    "bytes_one": st.binary(max_size=8),
    "enum_one": _ENUM,
    "int64_many": st.lists(_INT64, max_size=3),
    "string_many": st.lists(_TEXT, max_size=3),
    "enum_many": st.lists(_ENUM, max_size=3),
    "double_many": st.lists(_DOUBLES, max_size=3),
    "by_string": st.dictionaries(_TEXT, _TEXT, max_size=3),
    "by_bool": st.dictionaries(st.booleans(), _INT64, max_size=2),
    "colors": st.dictionaries(_TEXT, _ENUM, max_size=3),
    "int32_maybe": _INT32,
    "enum_maybe": _ENUM,
    "choice_string": _TEXT,
    "double_value": st.fixed_dictionaries({"value": _DOUBLES}),
    "float_value": st.fixed_dictionaries({"value": st.floats(width=32)}),
    "uint64_value": st.fixed_dictionaries({"value": _UINT64}),
    "bytes_value": st.fixed_dictionaries({"value": st.binary(max_size=4)}),
    "bool_value": st.fixed_dictionaries({"value": st.booleans()}),
    "timestamp": st.fixed_dictionaries(
        {"seconds": st.integers(-62135596800, 253402300799), "nanos": st.integers(0, 999_999_999)}
    ),
    "duration": st.builds(
        lambda sign, seconds, nanos: {"seconds": sign * seconds, "nanos": sign * nanos},
        st.sampled_from([1, -1]),
        st.integers(0, 315575999999),
        st.integers(0, 999_999_999),
    ),
    "mask": st.fixed_dictionaries({"paths": st.lists(st.sampled_from(["a", "b_c", "d.e_f"]), max_size=3)}),
    "odd_name": _TEXT,
}
_FIELDS = st.fixed_dictionaries({}, optional=_SCALARS)
_TREES = st.recursive(
    _FIELDS,
    lambda inner: st.builds(
        lambda fields, children: {**fields, **children},
        _FIELDS,
        st.fixed_dictionaries(
            {},
            optional={
                "kinds_one": inner,
                "kinds_many": st.lists(inner, max_size=2),
                "by_int64": st.dictionaries(_INT64, inner, max_size=2),
            },
        ),
    ),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def kinds(image):
    return GetMessageClass(image.pool.FindMessageTypeByName("kinds.v1.Kinds"))


def _build(kinds, fields):
    fields = dict(fields)
    children = {name: fields.pop(name, None) for name in ("kinds_one", "kinds_many", "by_int64")}
    message = kinds(**fields)
    if children["kinds_one"] is not None:
        message.kinds_one.CopyFrom(_build(kinds, children["kinds_one"]))
    message.kinds_many.extend(_build(kinds, child) for child in children["kinds_many"] or ())
    for key, child in (children["by_int64"] or {}).items():
        message.by_int64[key].CopyFrom(_build(kinds, child))
    return message


def _reads(image, kinds, value, style):
    message = kinds()
    Readers(image.pool, style).message(kinds.DESCRIPTOR)(value, message)
    return message


@pytest.mark.parametrize("proto_names", [False, True])
@pytest.mark.parametrize("print_defaults", [False, True])
@settings(deadline=None, max_examples=40)
@given(fields=_TREES)
def test_messages_are_written_and_read_as_json_format_does(image, kinds, proto_names, print_defaults, fields):
    if proto_names:  # json_format has its own idea of an explicit json_name, and of masks, in this mode
        fields = {name: value for name, value in fields.items() if name not in ("odd_name", "mask")}
        fields = {name: value for name, value in fields.items() if not name.startswith(("kinds", "by_int64"))}
    message = _build(kinds, fields)
    style = JsonStyle(proto_names=proto_names, print_defaults=print_defaults)
    written = Writers(image.pool, style).message(kinds.DESCRIPTOR)(message)
    expected = json_format.MessageToDict(
        message,
        preserving_proto_field_name=proto_names,
        always_print_fields_with_no_presence=print_defaults,
        descriptor_pool=image.pool,
    )
    if print_defaults and proto_names:
        expected["renamed"] = expected.pop("odd_name")
    assert written == expected
    assert repr(_reads(image, kinds, parse(dump(written)), style)) == repr(message)


@settings(deadline=None, max_examples=100)
@given(value=_JSON)
def test_any_json_value_survives_in_a_value(image, kinds, value):
    written = Writers(image.pool, JsonStyle()).message(kinds.DESCRIPTOR)(
        _reads(image, kinds, {"value": value}, JsonStyle())
    )
    assert written["value"] == value


_NAMES = st.sampled_from([*_SCALARS, "kinds_one", "kinds_many", "by_int64", "any", "struct", "list", "value", "nope"])
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
