"""The hash chain: each event of a stream vouches for all before it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

HASHED = ("position", "stream_id", "version", "event_id", "type", "schema_version", "data", "meta", "occurred_at")
"""The columns that an event's hash covers, besides the hash of the event before it."""


def event_hash(row: Mapping[str, Any], previous: bytes) -> bytes:
    """Return the SHA-256 of the hash of the event before (empty for the first) and an event's columns.

    They are written as JSON with sorted keys and no spaces, ids and times as text (ISO 8601, in UTC), so that anyone
    can compute it from the table.
    """
    content = {name: row[name] for name in HASHED}
    content |= {"event_id": str(row["event_id"]), "occurred_at": row["occurred_at"].isoformat()}
    return hashlib.sha256(previous + canonical(content)).digest()


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
