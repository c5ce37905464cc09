"""The life of a version: what contradicts itself is refused before anything is served."""

import pytest

from gateway.app import Gateway
from gateway.image import ImageError
from gateway.lifecycle import Lifecycle, start_of
from gateway.versions import rank

DATES = {"deprecated_on": "2026-11-01", "sunset_on": "2028-12-31"}


@pytest.mark.parametrize(
    "life",
    [
        Lifecycle(),
        Lifecycle("STABLE"),
        Lifecycle("DEPRECATED", **DATES),
        Lifecycle("DEPRECATED", deprecated_on="2026-11-01"),
        Lifecycle("SUNSET", **DATES),
    ],
)
def test_a_life_that_makes_sense_has_no_problem(life):
    assert list(life.problems()) == []


@pytest.mark.parametrize(
    ("life", "problem"),
    [
        (Lifecycle("DEPRECATED"), "it is deprecated and has no deprecated_on"),
        (Lifecycle("DEPRECATED", sunset_on="2028-12-31"), "it has a sunset_on and no deprecated_on"),
        (Lifecycle("DEPRECATED", "2026-11-01", "2026-11-01"), "it is sunset on 2026-11-01, not after 2026-11-01"),
        (Lifecycle("DEPRECATED", "2026-11-01", "2026-10-31"), "it is sunset on 2026-10-31, not after 2026-11-01"),
        (Lifecycle("DEPRECATED", "2026-11-31", "2028-12-31"), "deprecated_on is no date: '2026-11-31'"),
        (Lifecycle("DEPRECATED", "2026-11-01", "31.12.2028"), "sunset_on is no date: '31.12.2028'"),
        (Lifecycle("DEPRECATED", "20261101"), "deprecated_on is no date: '20261101'"),
        (Lifecycle("SUNSET", "2026-11-01"), "its lifecycle is SUNSET and it has no sunset_on"),
        (Lifecycle("STABLE", **DATES), "it has a deprecated_on and its lifecycle is STABLE"),
    ],
)
def test_a_life_that_contradicts_itself_says_how(life, problem):
    assert [text for text in life.problems() if text.startswith(problem)]


def test_a_gateway_does_not_start_with_it(compile_proto, upstream):
    image = compile_proto("""
    package shop.v0;
    import "options.proto";
    option (fluentpro.contract.v1.api_version) = {lifecycle: LIFECYCLE_DEPRECATED};
    """)
    with pytest.raises(ImageError, match=r"shop\.v0: it is deprecated and has no deprecated_on"):
        Gateway(image, upstream)


def test_a_day_begins_at_midnight_utc():
    assert start_of("1970-01-02") == 86_400


def test_versions_are_ordered_by_number_and_stage():
    names = ["v10", "v1beta1", "v2", "v1alpha2", "edge", "v1", "v1alpha1"]
    assert sorted(names, key=rank) == ["edge", "v1alpha1", "v1alpha2", "v1beta1", "v1", "v2", "v10"]
