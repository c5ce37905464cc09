"""Small files that are whole at any moment, also after a power cut."""

import json
import os
from pathlib import Path
from typing import Any


def keep(path: Path, facts: dict[str, Any]) -> None:
    """Put `facts` in place of what the file held. A crash leaves the old ones or the new ones, never a mixture.

    Only the owner may read the file: it may hold tokens.
    """
    beside = path.with_suffix(".new")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as to:
        json.dump(facts, to)
        to.flush()
        os.fsync(to.fileno())  # the bytes first: else a rename could outlive them
    beside.replace(path)
    _sync_folder(path.parent)


def kept(path: Path) -> dict[str, Any]:
    """Return what the file holds. Empty: there is no file yet."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return facts


def _sync_folder(folder: Path) -> None:
    """Have the rename itself reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
