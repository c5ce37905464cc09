"""The page that the benchmarks write."""

import pytest
from benchmarks.page import Goal, goals_table, page
from benchmarks.table import Table, number, render


@pytest.mark.parametrize(
    ("value", "digits", "text"), [(1234.5, 0, "1,234"), (0.456, 2, "0.46"), (0.0, 1, "0.0"), (None, 2, "not measured")]
)
def test_a_number_is_rounded_and_a_missing_one_says_so(value: float | None, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_a_table_is_aligned_markdown_under_its_title_and_note() -> None:
    table = Table("Calls", ("call", "per second"), (("GetMe", "1,200"), ("a longer one", "7")), note="Under load.")
    assert render(table).splitlines() == [
        "## Calls",
        "",
        "Under load.",
        "",
        "| call         | per second |",
        "|--------------|-----------:|",
        "| GetMe        |      1,200 |",
        "| a longer one |          7 |",
    ]


def test_a_row_that_does_not_fit_its_head_is_refused() -> None:
    with pytest.raises(ValueError, match="Calls: a row"):
        render(Table("Calls", ("call", "per second"), (("GetMe",),)))


@pytest.mark.parametrize(
    ("measured", "verdict"), [(0.39, "reached"), (0.4, "reached"), (0.41, "missed"), (None, "not measured")]
)
def test_a_goal_is_reached_up_to_its_limit(measured: float | None, verdict: str) -> None:
    assert Goal("CPU", measured, bound=0.4).verdict == verdict


@pytest.mark.parametrize(("measured", "verdict"), [(4.1, "reached"), (4.0, "reached"), (3.9, "missed")])
def test_a_goal_may_be_a_floor(measured: float, verdict: str) -> None:
    goal = Goal("rate", measured, bound=4.0, is_floor=True)
    assert (goal.verdict, goal.wanted) == (verdict, "at least 4.00")


def test_the_page_shows_every_table_and_how_often_was_measured() -> None:
    calls = Table("Calls", ("call", "per second"), (("GetMe", "1,200"),))
    text = page([goals_table([Goal("CPU", 0.5, bound=0.4)]), calls], rounds=5)
    assert text.startswith("# Benchmarks\n")
    assert "rounds: 5." in text
    assert "| CPU | at most 0.40 |     0.50 | missed |" in text
    assert "| GetMe |      1,200 |" in text
    assert text.endswith("|\n")
