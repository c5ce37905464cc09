"""Making a file of keys at the first start."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def create_key_file(path: Path, content: bytes) -> None:
    """Write the file, readable by its owner alone, unless there is one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A temporary file has mode 0600. A link to it is made whole or not at all, and never over a file that is there.
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.") as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
