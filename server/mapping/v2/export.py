"""A user's data as one JSON document, in pieces."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any
from uuid import UUID

import orjson

from domain.identity.export import ExportedRows

PIECE = 64 * 1024
"""Bytes after which a piece is sent: few enough for a phone to take while the next one is read."""


async def document(rows: AsyncIterator[ExportedRows]) -> AsyncGenerator[bytes, None]:
    """Give `{"<section>": [<row>, …], …}` in pieces. Where `rows` fails, the document is never closed."""
    written, section, waiting = bytearray(b"{"), "", False
    async for found in rows:
        if found.section != section:
            written += (b"],\n" if section else b"\n") + orjson.dumps(found.section) + b": ["
            section, waiting = found.section, False
        for row in found.rows:
            written += (b",\n  " if waiting else b"\n  ") + orjson.dumps(row, default=_plain)
            waiting = True
            if len(written) >= PIECE:
                yield bytes(written)
                written.clear()
    yield bytes(written) + (b"]\n}\n" if section else b"}\n")


def _plain(value: Any) -> str:
    if isinstance(value, UUID):  # the driver's own kind of one
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
