"""The codec reads JSON as json_format does, but for the listed differences."""

import json
import re

import pytest
from google.protobuf import json_format
from hypothesis import given, strategies as st
from unit.gateway.codec_comparison import ours_of, theirs_of, unexplained
from unit.gateway.fuzz import FUZZ
from unit.gateway.json_mutator import Mutator
from unit.gateway.message_maker import ROOTS, Maker
from unit.gateway.reading_differences import DIFFERENCES, Refused


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.reason[:40])
def test_each_listed_difference_is_one(rich, difference):
    root, text = difference.example
    theirs = theirs_of(rich, root, text, ignore_unknown=difference.ignore_unknown)
    ours = ours_of(rich, root, text.encode(), ignore_unknown=difference.ignore_unknown)
    if isinstance(ours, Refused):
        assert not isinstance(theirs, str)
        assert difference.strict(ours)
    elif isinstance(theirs, str):
        assert re.search(difference.lenient, theirs)
    else:
        assert ours != theirs
        assert re.search(difference.differs, text)


@pytest.mark.parametrize(
    "text",
    [
        '{"kindsOne": {"enumOne": "NO"}}',
        '{"inner": {"open": "1.0"}}',
        '{"inner": {"opens": {"1": "NO"}}}',
        '{"[second.v1.second_ext]": {"size": "NO"}}',
    ],
)
def test_a_message_is_there_though_all_that_it_holds_is_passed_over(rich, text):
    agreements = [unexplained(rich, root, text, ignore_unknown=True) == "" for root in ROOTS]
    assert all(agreements)


@pytest.mark.parametrize("root", ROOTS)
@FUZZ
@given(random=st.randoms(use_true_random=False), ignore_unknown=st.booleans(), changes=st.integers(0, 3))
def test_json_is_read_as_json_format_reads_it_but_for_the_listed_differences(
    rich, root, random, ignore_unknown, changes
):
    message = Maker(rich, random).message(rich.pool.FindMessageTypeByName(root))
    value = json_format.MessageToDict(message, descriptor_pool=rich.pool)
    mutator = Mutator(random)
    for _ in range(changes):
        value = mutator.value(value)
    text = json.dumps(value, ensure_ascii=random.choice([True, False]))
    if random.randint(0, 3) == 0:
        text = mutator.text(text)
    assert unexplained(rich, root, text, ignore_unknown=ignore_unknown) == "", text
