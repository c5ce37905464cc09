"""Lists with weights."""

import pytest

from gateway.weights import weighted


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"", []),
        (b", ,;", []),
        (b"a", [("a", 1.0)]),
        (b"A/B;Q=0.5 , c", [("a/b", 0.5), ("c", 1.0)]),
        (b"a;charset=utf-8;q=0.1;x=y", [("a", 0.1)]),
        (b"a ; q=.2", [("a", 0.2)]),
        (b"a;q=1.", [("a", 1.0)]),
        (b"a;q=7", [("a", 1.0)]),
        (b"a;q=", [("a", 0.0)]),
        (b"a;q=much,b;q=-1,c;q=nan,d;q=1e3,e;q=1.2.3", [(name, 0.0) for name in "abcde"]),
        (b"a;q=\xb2", [("a", 0.0)]),
        (b"a;q=0.1;q=0.9", [("a", 0.1)]),
    ],
)
def test_each_element_comes_with_its_weight(header, expected):
    assert list(weighted(header)) == expected
