"""JSON text is parsed as the standard library parses it, less doubled keys and words that are no JSON."""

import json

from hypothesis import given, strategies as st
from unit.gateway.fuzz import FUZZ
from unit.gateway.json_mutator import Mutator

from gateway.codec.fault import Fault
from gateway.codec.json_text import parse

_TEXTS = st.recursive(
    st.sampled_from(
        ["1", "-0", "1e400", '"a"', '"\\u0022"', '"\\\\"', '"\\\\\\""', "true", "null", "1.5e3", '"\\ud800"', "NaN"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(
            st.tuples(st.sampled_from(['"a"', '"\\u0061"', '"\\""', '"\\\\"', '"b"', '""']), inner), max_size=3
        ).map(lambda items: "{" + ", ".join(f"{key}: {item}" for key, item in items) + "}")
    ),
    max_leaves=8,
)


@FUZZ
@given(text=_TEXTS, random=st.randoms(use_true_random=False), is_mutated=st.booleans())
def test_a_text_is_parsed_as_the_standard_library_parses_it_without_doubled_keys(text, random, is_mutated):
    data = (Mutator(random).text(text) if is_mutated else text).encode(errors="surrogatepass")
    assert _outcome(parse, data) == _outcome(_strict, data)


def _strict(data):
    return json.loads(data.decode(), object_pairs_hook=_distinct, parse_constant=_no_constant)


def _distinct(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(_name):
    raise ValueError("no JSON")


def _outcome(read, data):
    try:
        return repr(read(data))
    except (ValueError, Fault):
        return "refused"
