"""Percent-decoding."""

import pytest

from gateway.codec.fault import Fault
from gateway.percent import decode_query, decode_segment, decode_segments, raw_text


@pytest.mark.parametrize(
    ("decode", "text", "expected"),
    [
        (decode_segment, "a%2Fb%25+c", "a/b%+c"),
        (decode_segment, "%E6%97%A5", "日"),
        (decode_segment, "a%2525", "a%25"),
        (decode_segments, "a%2Fb/c%3Fd", "a%2Fb/c?d"),
        (decode_segments, "a%2fb%2F%20", "a%2fb%2F "),
        (decode_query, "a+b%2Bc", "a b+c"),
    ],
)
def test_text_is_decoded_once(decode, text, expected):
    assert decode(text) == expected


@pytest.mark.parametrize("text", ["%", "a%2", "%zz", "%FF", "%C0%AF", "%+1"])
@pytest.mark.parametrize("decode", [decode_segment, decode_segments, decode_query])
def test_a_bad_escape_is_refused(decode, text):
    with pytest.raises(Fault):
        decode(text)


def test_raw_bytes_that_are_not_utf8_are_refused():
    with pytest.raises(Fault):
        raw_text(b"/\xff")
