"""Tables of figures, readable in a terminal and in Markdown alike."""

from dataclasses import dataclass

from .figures import Figure

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured in one go. The first column names things, the others hold figures."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    """What a reader must know, above the table."""


def number(value: Figure, digits: int = 0) -> str:
    """Write a figure with so many digits behind the point, thousands apart; or say that there is none."""
    return NOT_MEASURED if value is None else f"{value:,.{digits}f}"


def render(table: Table) -> str:
    """Return the table as Markdown, its columns aligned. Raises ValueError when a row is longer than the head."""
    if any(len(row) != len(table.head) for row in table.rows):
        raise ValueError(f"{table.title}: a row does not fit its head")
    columns = list(zip(table.head, *table.rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    lines = [_line(table.head, widths), f"|{rule}|", *(_line(row, widths) for row in table.rows)]
    parts = [f"## {table.title}", table.note, "\n".join(lines)]
    return "\n\n".join(part for part in parts if part)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    others = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join([cells[0].ljust(widths[0]), *others])} |"
