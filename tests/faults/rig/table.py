"""The generated tables of docs/reference/reliability.md: one for each size of run and each part."""

import os
import platform
import re
import statistics
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from .plan import Part, Size
from .report import Report

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "reliability.md"

COMMANDS = {Size.SMOKE: "make faults", Size.CARD: "make scorecard", Size.SOAK: "make soak"}

_HEAD = ("", "runs", "faults", "facts", "lost", "doubled", "partial", "stuck", "repeated", "p50 s", "max s", "")


def table(reports: Iterable[Report]) -> str:
    """Return a row for each report, aligned, as Markdown and for a terminal alike."""
    rows = [_HEAD, *map(_row, reports)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(_HEAD) - 1
    rule = "|".join("-" * (width + 1) + ("-" if at in (0, last) else ":") for at, width in enumerate(widths))
    return "\n".join([_line(rows[0], widths), f"|{rule}|", *(_line(row, widths) for row in rows[1:])])


def details(reports: Iterable[Report]) -> str:
    """Return what each scenario promises, with its notes and with every promise that was broken."""
    lines = []
    for report in reports:
        lines.append(f"- **{report.id}**: {report.promise}")
        lines += [f"  - {note}" for note in report.notes]
        lines += [f"  - broken, {sentence}" for sentence in report.broken]
    return "\n".join(lines)


def section(size: Size, reports: Sequence[Report], seed: int, seconds: float, today: date) -> str:
    """Return what one part of the page says."""
    how = (
        f"`{COMMANDS[size]}` (seed {seed}) on {today.isoformat()}, {seconds / 60:.0f} minutes on {_machine()}. "
        f"Times may be {size.slack:g} times those promised."
    )
    return "\n\n".join([how, table(reports), details(reports)])


def replace(page: str, size: Size, part: Part, text: str) -> str:
    """Return the page with `text` between the markers of this size and part. Raises ValueError where it has none."""
    begin, end = f"<!-- {size} {part} begins -->", f"<!-- {size} {part} ends -->"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"the page has not one {begin} and one {end}")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}"


def _row(report: Report) -> tuple[str, ...]:
    counts = (report.runs, report.faults, report.facts, report.lost, report.doubled, report.partial, report.stuck)
    middle = f"{statistics.median(report.recoveries):.2f}" if report.recoveries else ""
    longest = f"{max(report.recoveries):.2f}" if report.recoveries else ""
    verdict = "kept" if report.is_kept else "broken"
    return (report.id, *(f"{count:,}" for count in counts), f"{report.duplicates:,}", middle, longest, verdict)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    last = len(cells) - 1
    padded = [
        cell.ljust(width) if at in (0, last) else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.+)$", info.read_text(), re.MULTILINE) if info.exists() else []
    processor = names[0] if names else platform.processor() or "an unknown processor"
    kernel = f"{platform.system()} {platform.release().partition('-')[0]}"
    return f"{os.cpu_count()} cores of {processor}, {kernel}, Python {platform.python_version()}"
