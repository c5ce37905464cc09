"""Taking care of a reply whose producer is gone."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from domain.practice.budget import INSTRUCTION_TOKENS, tokens_of
from domain.practice.ending import Ending, FailureReason, cancelled, failed
from domain.practice.finishing import FinishReply
from domain.practice.leases import Leases
from domain.practice.log import Fenced, GenerationLog, GenerationWriter, LogUnavailable
from domain.practice.model import Generation
from domain.practice.ports import ProductionRunner
from domain.practice.reply import Accepted, LogEntry, ReplyEvent, Reset, Snapshot, TextDelta
from domain.shared.retrying import retried

MOST_ATTEMPTS = 3
"""A reply that has lost so many producers is likely to be what ends them."""


@dataclass(frozen=True, slots=True)
class RecoverReply:
    """Has a reply produced again if nothing was said yet, and ends it otherwise: never two replies to one message."""

    log: GenerationLog
    leases: Leases
    finish: FinishReply
    runner: ProductionRunner

    async def __call__(self, generation: Generation) -> None:
        """Take care of `generation`, whose lease is over or was never taken; nothing when it is not to be had."""
        entries = await self._read(generation)
        text = _kept(generation, entries)
        wanted = generation.cancel_requested_at is None and generation.attempt < MOST_ATTEMPTS
        if wanted and not text and _is_known(generation, entries):
            self.runner.start(generation)
            return
        await self._take_to_end(generation, entries, text)

    async def end(self, generation: Generation) -> bool:
        """End it without another attempt, with what was said kept; False when it is not to be had."""
        entries = await self._read(generation)
        return await self._take_to_end(generation, entries, _kept(generation, entries))

    async def _take_to_end(self, generation: Generation, entries: tuple[LogEntry, ...] | None, text: str) -> bool:
        held = await retried(lambda: self.leases.take_to_end(generation))
        if held is not None:
            await self._end(held, text, _opening(held, text, is_new=entries == ()))
        return held is not None

    async def _read(self, generation: Generation) -> tuple[LogEntry, ...] | None:
        with suppress(LogUnavailable):
            return await self.log.read(generation.id)
        return None

    async def _end(self, held: Generation, text: str, opening: tuple[ReplyEvent, ...]) -> None:
        async def lost() -> str:
            return text

        writer = self.log.writer(held.id, held.attempt, lost)
        try:
            with suppress(Fenced):
                await _write(writer, opening)
                await self.finish(held, writer, _ending(held, text), len(opening))
        finally:
            writer.close()


def _is_known(generation: Generation, entries: tuple[LogEntry, ...] | None) -> bool:
    """Return whether the log can tell what was said.

    It cannot when it does not answer (unless nobody has tried to speak), or when the producer went on without it.
    """
    if not entries:
        return entries is not None or not generation.attempt
    top = entries[-1].position
    return top.attempt < generation.attempt or top.sequence >= generation.last_sequence


def _kept(generation: Generation, entries: tuple[LogEntry, ...] | None) -> str:
    """Return the longer of two beginnings of one text: the log may lack entries that were lost, or never written."""
    return max(said(entries or ()), generation.partial_text, key=len)


def said(entries: Iterable[LogEntry]) -> str:
    """Return the text that a reader of `entries` has before them."""
    parts: list[str] = []
    for entry in entries:
        match entry.event:
            case TextDelta(text):
                parts.append(text)
            case Snapshot(text):
                parts = [text]
            case Reset():
                parts = []
    return "".join(parts)


def _ending(held: Generation, text: str) -> Ending:
    interrupted = failed(text, FailureReason.INTERRUPTED)
    ending = interrupted if held.cancel_requested_at is None else cancelled(text)
    # What the request cost is not known any more; a reply has been paid for only if it began.
    return replace(ending, spent=INSTRUCTION_TOKENS + tokens_of((text,)) if text else 0)


def _opening(held: Generation, text: str, *, is_new: bool) -> tuple[ReplyEvent, ...]:
    """Return what readers are told before the end: the text that is kept.

    Somebody may have read more than the log still holds: a killed server can lose its last second. What they have is
    put right by the snapshot, and to the others it says nothing new. A log that `is_new` also lacks the beginning.
    """
    snapshot = (Snapshot(text),) if text else ()
    return (Accepted(held.turn_id), *snapshot) if is_new else snapshot


async def _write(writer: GenerationWriter, events: tuple[ReplyEvent, ...]) -> None:
    with suppress(LogUnavailable):
        for event in events:
            await writer.write(event)
