"""How commands print what is stored of conversations."""

from collections.abc import Iterator, Sequence
from datetime import datetime


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def moment(value: datetime | None) -> str:
    """Return a moment in UTC; empty for None."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"
