"""JSON text, read strictly."""

import pytest

from gateway.codec.fault import Fault
from gateway.codec.json_text import MAX_DEPTH, dump, parse


def test_a_json_text_becomes_its_value():
    assert parse(b'{"a": [1, -2.5, "\\u00e9", true, null]}') == {"a": [1, -2.5, "é", True, None]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": 1} x',
        b'{"a": 01}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'"a\nb"',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b'{"a": 1}\0',
        b"1" * 5000,
    ],
)
def test_what_is_not_json_is_refused(data):
    with pytest.raises(Fault):
        parse(data)


def test_a_key_that_stands_twice_is_refused_by_its_name():
    with pytest.raises(Fault) as caught:
        parse(b'{"b": {"a": 1, "a": 2}}')
    assert caught.value.path == "a"


def test_a_text_may_nest_up_to_the_limit():
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(Fault, match="deeper"):
        parse(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))


def test_an_endless_opening_is_refused_without_recursion():
    with pytest.raises(Fault, match="deeper"):
        parse(b'{"a":' * 100_000)


def test_brackets_side_by_side_or_in_strings_are_not_depth():
    assert len(parse(b"[" + b"[]," * 500 + b"[]]")) == 501
    assert parse(b'["' + b"[{" * 500 + b'\\"[[\\\\"]') == ["[{" * 500 + '"[[\\']


def test_what_is_written_reads_back():
    value = {"a": ["é", 1.5, None, True, 2**63]}
    assert parse(dump(value)) == value
