"""Changes of the shapes themselves: messages, fields, types, enums and RPCs, as `buf breaking` finds them (FILE)."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from server.contract_guard.finding import Finding

_BROKEN = 100  # what buf exits with when it has findings
_SECONDS = 120  # far more than the one that a comparison takes


class ShapesNotCompared(Exception):
    """Buf could not compare; the message is its own."""


def compare_shapes(baseline: Path, now: Path) -> Iterator[Finding]:
    """Yield what breaks between two image files. Raises ShapesNotCompared."""
    words = [_buf(), "breaking", str(now), "--against", str(baseline), "--exclude-imports", "--error-format", "json"]
    config = ["--config", '{"version":"v2","breaking":{"use":["FILE"]}}']
    done = subprocess.run([*words, *config], capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - fixed words
    if done.returncode not in (0, _BROKEN):
        raise ShapesNotCompared(f"{now} against {baseline}: {done.stderr.strip()}")
    yield from (_finding(json.loads(line)) for line in done.stdout.splitlines())


def _buf() -> str:
    beside = Path(sys.executable).parent / "buf"
    found = str(beside) if beside.exists() else shutil.which("buf")
    if found is None:
        raise ShapesNotCompared("buf is not installed: run `make install`")
    return found


def _finding(said: dict[str, str | int]) -> Finding:
    path, message = str(said.get("path", "")), str(said["message"])
    # A file that is gone has its path in the message alone.
    named = path or message.partition('"')[2].partition('"')[0]
    package = named.rpartition("/")[0].replace("/", ".")
    place = f"{path}:{said['start_line']}" if path and "start_line" in said else named
    return Finding(package, place, message.removesuffix("."))
