"""What is wrong with checkpoints, and which of them can be believed."""

import json
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from domain.audit.chain_check import BadEvent, utc
from domain.audit.checkpoints import checkpoint_digest, signed_text

CHECKPOINTS = "checkpoint"
"""Stands as a BadEvent's `stream_id` when a checkpoint is at fault; `version` is then its number."""


class RecordedCheckpoint(NamedTuple):
    """A row as it is found; `heads` and `created_at` (in UTC, without a zone) are the database's text."""

    number: int
    position: int
    events: int
    heads: str
    created_at: str
    previous_digest: bytes
    digest: bytes
    key_id: str
    signature: bytes


class Signatures(Protocol):
    """Knows the public keys of whoever may sign."""

    def fault(self, key_id: str, message: bytes, signature: bytes) -> str | None:
        """Say what is wrong with a signature; None when it is good."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A checkpoint and what is wrong with it.

    `believed`: it is signed, so it says what was true. `after`: the position at which its span begins, None unless the
    one before can be believed too.
    """

    row: RecordedCheckpoint
    bad: BadEvent | None
    believed: bool
    after: int | None


class CheckpointChain:
    """Takes checkpoints by number. Not `linked`: some are left out, so each is judged by itself."""

    def __init__(self, signatures: Signatures, *, linked: bool) -> None:
        self._signatures = signatures
        self._linked = linked
        self._before: Judged | None = None

    def judge(self, row: RecordedCheckpoint) -> Judged:
        """Judge the next one."""
        fault = self._fault(row)
        bad = BadEvent(CHECKPOINTS, row.number, fault) if fault else None
        unlinked = self._unlinked(row)
        after = self._after() if self._linked and not unlinked else None
        self._before = Judged(row, unlinked or bad, fault is None, after)
        return self._before

    def _after(self) -> int | None:
        if self._before is None:
            return 0
        return self._before.row.position if self._before.believed else None

    def _unlinked(self, row: RecordedCheckpoint) -> BadEvent | None:
        if not self._linked:
            return None
        expected = self._before.row.number + 1 if self._before else 1
        if row.number > expected:
            return BadEvent(CHECKPOINTS, expected, "is missing")
        if row.previous_digest != (self._before.row.digest if self._before else b""):
            return BadEvent(CHECKPOINTS, row.number, "does not continue the checkpoint before it")
        return None

    def _fault(self, row: RecordedCheckpoint) -> str | None:
        content = row._asdict()
        try:
            content |= {"heads": json.loads(row.heads), "created_at": utc(row.created_at).isoformat()}
            digest = checkpoint_digest(content, row.previous_digest)
        except (ValueError, RecursionError):
            return "has values that no checkpoint can have"
        if digest != row.digest:
            return "has a digest that is not that of its columns"
        return self._signatures.fault(row.key_id, signed_text(digest), row.signature)
