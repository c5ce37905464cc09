"""`make bench` in small: every part of it runs and has its tables."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROJECT = Path(__file__).parents[2]
_WITHOUT_COVERAGE = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}

PARTS = {
    "starting,json,events,jobs": {"Starting", "JSON", "Events", "Jobs"},
    "served": {
        "Beside Envoy and FastAPI",
        "Tokens without a store",
        "Calls that answer once",
        "Streamed replies",
        "Parts of a call",
        "Processes on one port",
    },
    "live": {"Live conversations", "First token of a live conversation"},
}
"""The tables of each, by the names by which parts are asked for."""


@pytest.mark.parametrize(("parts", "tables"), PARTS.items(), ids=PARTS)
def test_a_quick_run_has_the_tables_of_its_parts(parts, tables):
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", parts]
    ran = subprocess.run(
        command, cwd=_PROJECT, env=_WITHOUT_COVERAGE, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stderr
    titles = {line.removeprefix("## ") for line in ran.stdout.splitlines() if line.startswith("## ")}
    assert titles == {"Goals", "The machine", *tables}
