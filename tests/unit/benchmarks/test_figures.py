"""The arithmetic of the benchmarks."""

import pytest
from benchmarks.figures import Sample, median, median_ratio, percentile, ratio


def test_a_sample_gives_its_rate_and_its_cpu_per_request() -> None:
    sample = Sample(requests=4000, seconds=2.0, cpu_seconds=1.0)
    assert sample.rate == 2000
    assert sample.cpu_micros == pytest.approx(250)


def test_without_a_measured_cpu_there_is_none_per_request() -> None:
    assert Sample(requests=4000, seconds=2.0, cpu_seconds=None).cpu_micros is None


@pytest.mark.parametrize(
    ("values", "middle"), [([3.0, 1.0, 9.0], 3.0), ([4.0, 1.0], 2.5), ([1.0, None, 2.0], None), ([], None)]
)
def test_the_median_is_the_middle_and_knows_when_something_is_missing(
    values: list[float | None], middle: float | None
) -> None:
    assert median(values) == middle


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (95, 95), (100, 100), (1, 1), (0, 1)])
def test_a_percentile_is_one_of_the_values(percent: int, value: int) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == value


def test_a_percentile_of_two_values_is_the_lower_one_up_to_the_half() -> None:
    assert percentile([2.0, 1.0], 50) == 1.0
    assert percentile([2.0, 1.0], 51) == 2.0


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("over", "under", "expected"), [(1.0, 4.0, 0.25), (None, 4.0, None), (1.0, None, None), (1.0, 0.0, None)]
)
def test_a_ratio_needs_both_sides(over: float | None, under: float | None, expected: float | None) -> None:
    assert ratio(over, under) == expected


def test_what_slows_a_whole_round_down_falls_out_of_the_ratio() -> None:
    quiet_and_disturbed = [100.0, 1000.0, 100.0], [200.0, 2000.0, 200.0]
    assert median_ratio(*quiet_and_disturbed) == 0.5


def test_ratios_are_of_rounds_that_belong_together() -> None:
    with pytest.raises(ValueError, match="shorter"):
        median_ratio([1.0, 2.0], [1.0])
