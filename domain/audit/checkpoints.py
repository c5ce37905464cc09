"""Checkpoints: where every stream stood, signed, and each vouching for all before it.

The chain of a stream shows that something was changed unless everything after it was made anew. Who can write to the
database can do that too; but not sign.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from domain.audit.chain import canonical

Head: TypeAlias = tuple[int, int, str]
"""The last event of a stream: its version, its position and its hash in hexadecimal digits."""

DIGESTED = ("number", "position", "events", "heads", "created_at")
"""What a checkpoint's digest covers, besides the digest of the one before."""

_PURPOSE = b"fluentpro.checkpoint.v1:"
# The same keys sign access tokens. No token begins like this, so neither can pass for the other.


@dataclass(frozen=True, slots=True)
class Span:
    """The events after a checkpoint: how many, the position of the last, and the heads of the streams that moved."""

    position: int
    events: int
    heads: Mapping[str, Head]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint. `number` counts them from 1; `previous_digest` of the first is empty."""

    number: int
    position: int
    events: int
    heads: Mapping[str, Head]
    created_at: datetime
    previous_digest: bytes
    digest: bytes
    key_id: str
    signature: bytes


class Signer(Protocol):
    """Signs checkpoints."""

    def sign(self, message: bytes) -> tuple[str, bytes]:
        """Return the id of the key and the signature."""


def seal(span: Span, before: Checkpoint | None, now: datetime, signer: Signer) -> Checkpoint:
    """Return the checkpoint over a span of events, after the one before."""
    number = before.number + 1 if before else 1
    previous = before.digest if before else b""
    content = {
        "number": number,
        "position": span.position,
        "events": span.events,
        "heads": span.heads,
        "created_at": now.isoformat(),
    }
    digest = checkpoint_digest(content, previous)
    key_id, signature = signer.sign(signed_text(digest))
    return Checkpoint(number, span.position, span.events, span.heads, now, previous, digest, key_id, signature)


def checkpoint_digest(content: Mapping[str, Any], previous: bytes) -> bytes:
    """Return the SHA-256 of the digest before (empty for the first) and the JSON of `content`, as with events.

    `created_at` is text: ISO 8601, in UTC.
    """
    return hashlib.sha256(previous + canonical({name: content[name] for name in DIGESTED})).digest()


def signed_text(digest: bytes) -> bytes:
    """Return the bytes that are signed for a digest."""
    return _PURPOSE + digest
