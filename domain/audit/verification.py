"""Proving that the record was not touched."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from domain.audit.chain_check import BadEvent, Chains, Recorded, lower
from domain.audit.checkpoint_check import CHECKPOINTS, CheckpointChain, Judged, RecordedCheckpoint, Signatures
from domain.audit.reading import parse_stream_id
from domain.shared.checks import Checks


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and the first thing that is wrong with it.

    An event at fault comes before a checkpoint at fault (see CHECKPOINTS); of several, the one with the lowest stream
    id and version.
    """

    valid: bool
    streams: int
    events: int
    checkpoints: int
    first_bad: BadEvent | None


class Snapshot(Protocol):
    """The record as it stands at one moment. `stream_id` limits to one stream; None is all."""

    def events(self, stream_id: str | None) -> AsyncIterator[Sequence[Recorded]]:
        """Yield pages of events, stream by stream, by version."""
        ...

    async def empty_head(self, stream_id: str | None) -> str | None:
        """Return the first stream that has a head and no event."""

    def checkpoints(self, stream_id: str | None) -> AsyncIterator[Sequence[RecordedCheckpoint]]:
        """Yield pages of checkpoints by number; with a stream, those in which it is."""
        ...

    async def lost_head(self, numbers: Sequence[int], stream_id: str | None) -> BadEvent | None:
        """Return the first event that one of these checkpoints saw as a head, and that does not stand like that."""

    async def counts(self, spans: Sequence[tuple[int, int]]) -> Sequence[int]:
        """Return how many events have positions above the first and up to the second of each pair."""

    async def unseen(self, number: int, after: int) -> BadEvent | None:
        """Return the first event above the position `after` that a checkpoint should have seen and did not."""


Snapshots = Callable[[], AbstractAsyncContextManager[Snapshot]]
"""Gives a snapshot for a block. Raises Unavailable."""


class VerifyEvents:
    """Checks every hash, head, checkpoint and signature of one moment's record."""

    def __init__(self, snapshots: Snapshots, signatures: Signatures) -> None:
        self._snapshots = snapshots
        self._signatures = signatures

    async def __call__(self, stream_id: str | None = None) -> Verification:
        """Verify all, or one stream and the checkpoints in which it is. Raises InvalidRequest, Unavailable.

        It takes as long as the record is large, and little memory.
        """
        with Checks() as check:
            wanted = check("stream_id", parse_stream_id, stream_id) if stream_id else None
        async with self._snapshots() as snapshot:
            chains = await _check_chains(snapshot, wanted)
            inspection = _Inspection(snapshot, self._signatures, wanted)
            await inspection.run()
        bad = lower(chains.first_bad, inspection.bad_event) or inspection.bad_checkpoint
        return Verification(bad is None, chains.streams, chains.events, inspection.checkpoints, bad)


async def _check_chains(snapshot: Snapshot, stream_id: str | None) -> Chains:
    chains = Chains()
    async for page in snapshot.events(stream_id):
        # In a thread: a server goes on answering while hashes are computed.
        await asyncio.to_thread(chains.check, page)
    chains.end()
    empty = await snapshot.empty_head(stream_id)
    if empty is not None:
        chains.note(BadEvent(empty, 1, "is missing: the stream has a head and no event"))
    return chains


class _Inspection:
    """One walk through the checkpoints."""

    def __init__(self, snapshot: Snapshot, signatures: Signatures, stream_id: str | None) -> None:
        self._snapshot = snapshot
        self._stream_id = stream_id
        self._chain = CheckpointChain(signatures, linked=stream_id is None)
        self.checkpoints = 0
        self.bad_event: BadEvent | None = None
        self.bad_checkpoint: BadEvent | None = None

    async def run(self) -> None:
        async for page in self._snapshot.checkpoints(self._stream_id):
            judged = await asyncio.to_thread(self._judge, page)
            self.checkpoints += len(page)
            believed = [each.row.number for each in judged if each.believed]
            self.bad_event = lower(self.bad_event, await self._snapshot.lost_head(believed, self._stream_id))
            await self._count(judged)

    def _judge(self, page: Sequence[RecordedCheckpoint]) -> list[Judged]:
        judged = [self._chain.judge(row) for row in page]
        for each in judged:
            self.bad_checkpoint = lower(self.bad_checkpoint, each.bad)
        return judged

    async def _count(self, judged: Sequence[Judged]) -> None:
        """See that no event was put among those that a checkpoint covers.

        Streams go on unbroken up to the heads that it saw, so one more event is one too many.
        """
        spans = [(each.row, each.after) for each in judged if each.believed and each.after is not None]
        counts = await self._snapshot.counts([(after, row.position) for row, after in spans])
        for (row, after), count in zip(spans, counts, strict=True):
            if count != row.events:
                self.bad_event = lower(self.bad_event, await self._snapshot.unseen(row.number, after))
                fault = f"saw {row.events} events where {count} stand"
                self.bad_checkpoint = lower(self.bad_checkpoint, BadEvent(CHECKPOINTS, row.number, fault))
