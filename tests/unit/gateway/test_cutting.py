"""How the body of a client's stream falls into messages, however the network cuts it."""

import json

import pytest

from gateway.codec.fault import Fault
from gateway.cutting import ArrayCutter, LineCutter, RawCutter
from gateway.errors import Refusal


def _cut(cutter, body, size):
    found = []
    for at in range(0, len(body), size):
        found += cutter.feed(body[at : at + size])
    return [*found, *cutter.close()]


SIZES = [1, 2, 3, 7, 1000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b" [ ] \n",
        b"[1]",
        b'[{"a": [1, {"b": "]"}]}, [], {}, "x,y", "\\"", "\\\\", "\\\\\\"]", null, -1.5e3]',
        '["grüße ☃", {"ключ": "значение"}]'.encode(),
        b'\r\n\t[\n{"a": 1}\n,\n{"a": 2}\n]\n',
        b'["' + b"\\" * 20 + b'", "{[,"]',
    ],
)
def test_an_array_falls_into_its_elements(body, size):
    assert [json.loads(text) for text in _cut(ArrayCutter(1000), body, size)] == json.loads(body)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b'"[]"',
        b"[",
        b"[1",
        b"[1,",
        b"[1,]",
        b"[,]",
        b"[,1]",
        b"[1,,2]",
        b"[1}",
        b"[] x",
        b"[][]",
        b"[]]",
        b"x[]",
        b'["',
        b'["a]',
        b'["\\',
    ],
)
def test_what_is_no_array_is_refused(body, size):
    with pytest.raises(Fault) as caught:
        _cut(ArrayCutter(1000), body, size)
    assert caught.value.reason == "MALFORMED_JSON"


def test_a_body_without_bytes_is_an_empty_stream():
    assert list(ArrayCutter(10).close()) == []
    assert list(LineCutter(10).close()) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("body", "lines"),
    [(b"1\n2\n", [b"1", b"2"]), (b"1\n\n \r\n2", [b"1", b"2"]), (b'{"a":"\\n"}\r\n', [b'{"a":"\\n"}\r']), (b"\n", [])],
)
def test_lines_are_messages(body, lines, size):
    assert _cut(LineCutter(1000), body, size) == lines


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("cutter", "body"), [(ArrayCutter, b'["%s"]'), (LineCutter, b'"%s"\n')])
def test_a_message_may_not_be_larger_than_the_limit(cutter, body, size):
    assert len(_cut(cutter(12), body % (b"x" * 10), size)) == 1
    with pytest.raises(Refusal) as caught:
        _cut(cutter(12), body % (b"x" * 11), size)
    assert caught.value.http_status == 413


def test_raw_pieces_pass_and_none_is_one_empty_message():
    assert _cut(RawCutter(), b"abcd", 3) == [b"abc", b"d"]
    assert _cut(RawCutter(), b"", 3) == [b""]
