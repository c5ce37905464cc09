"""The one writer of a process: the entries of many generations, a pipeline at a time."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from uuid import UUID

from adapters.live.connection import FAULTS
from adapters.live.entries import encode, entry_id
from adapters.live.generation_writer import Backlog, RedisGenerationWriter
from adapters.live.log_reader import LogReader
from adapters.live.mending import Fate, find_fate
from adapters.live.patience import pauses
from adapters.live.pending import Sending
from adapters.live.pipe import Command, Pipe
from adapters.live.schedule import Schedule
from domain.practice.log import Fenced, LogUnavailable, RecoverText
from domain.practice.reply import LogEntry

PIPELINE = 64
"""Entries in one pipeline: more would hold up the first token of others."""
UNENDED_LIFE = 24 * 60 * 60
"""Seconds after which a log is gone although nobody ended it: its producer died, and the log with its last event."""

Deliver: TypeAlias = Callable[[UUID, LogEntry], None]
_InFlight: TypeAlias = tuple[RedisGenerationWriter, Sending]
_STOPPED = "This process does not write logs any more."


class LogWriter:
    """Sends what the generations' writers have taken, urgent entries first, and hands on what is in the log.

    `deliver` is called with each entry once the log has it, in order; it must not block.
    """

    def __init__(self, pipe: Pipe, reader: LogReader, deliver: Deliver) -> None:
        self._pipe = pipe
        self._reader = reader
        self._deliver = deliver
        self._backlog = Backlog()
        self._writers: set[RedisGenerationWriter] = set()
        self._local: dict[UUID, RedisGenerationWriter] = {}
        self._schedule = Schedule()
        self._outage: Exception | None = ConnectionError("Not yet connected.")
        self._mending: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._run(), name="log writer")

    async def close(self) -> None:
        """Stop. Writers that have something unacknowledged fail with LogUnavailable: flush them first."""
        tasks = [*self._mending, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pipe.close()

    def open(self, generation_id: UUID, attempt: int, recover: RecoverText) -> RedisGenerationWriter:
        """Return the writer of an attempt. It is kept until it has written the last event, is closed or fails."""
        writer = RedisGenerationWriter(generation_id, attempt, recover, self._backlog, self._due)
        self._writers.add(writer)
        self._local[generation_id] = writer
        return writer

    def has(self, writer: RedisGenerationWriter) -> bool:
        """Return whether `writer` may write more: it has neither ended nor failed."""
        return writer in self._writers

    def produces(self, generation_id: UUID) -> bool:
        """Return whether the generation is written in this process."""
        return generation_id in self._local

    def _due(self, writer: RedisGenerationWriter) -> None:
        if self._task is None or self._task.done():
            self._fail(writer, LogUnavailable(_STOPPED))
        elif writer.failure is not None:
            self._schedule.remove(writer)
            self._release(writer)
        elif writer.busy or not writer.pending.tokens:
            return
        elif writer.pending.urgent:
            self._schedule.at_once(writer)
        else:
            self._schedule.at_tick(writer)

    async def _run(self) -> None:
        try:
            while True:
                await self._schedule.wait()
                if self._outage is not None:
                    await self._connect()
                if batch := self._next_batch():
                    await self._send(batch)
        finally:
            self._stop()

    def _next_batch(self) -> list[_InFlight]:
        batch: list[_InFlight] = []
        while len(batch) < PIPELINE and (writer := self._schedule.pop()):
            sending = None if writer.busy else writer.pending.next()
            if sending is None:
                continue
            writer.busy = True
            if writer.suspect:
                self._mend(writer, sending)
            else:
                batch.append((writer, sending))
        return batch

    async def _send(self, batch: list[_InFlight]) -> None:
        try:
            answers = await self._pipe.send([*map(_addition, batch), *_expiries(batch)])
        except FAULTS as fault:
            self._server_lost(fault)
            for writer, _ in batch:
                self._again(writer)
            return
        for (writer, sending), answer in zip(batch, answers, strict=False):
            self._settle(writer, sending, answer)
        self._backlog.tell()

    def _settle(self, writer: RedisGenerationWriter, sending: Sending, answer: Any) -> None:
        if isinstance(answer, bytes):
            self._acknowledged(writer, sending)
        elif answer is None or "equal or smaller" in str(answer):
            self._mend(writer, sending)
        else:
            self._refused(writer, answer)

    def _acknowledged(self, writer: RedisGenerationWriter, sending: Sending) -> None:
        writer.busy = False
        writer.acknowledge()
        self._deliver(writer.generation_id, sending.entry)
        if sending.entry.is_last:
            self._release(writer)
        self._due(writer)

    def _refused(self, writer: RedisGenerationWriter, answer: Exception) -> None:
        """Try again with the next tick: the server is out of memory, or no longer the primary."""
        writer.busy = False
        if writer.stumble():
            self._fail(writer, _unavailable(answer))
        else:
            self._schedule.at_tick(writer)

    def _again(self, writer: RedisGenerationWriter) -> None:
        writer.busy = False
        self._schedule.at_once(writer)

    def _server_lost(self, fault: Exception) -> None:
        """Trust nothing: what was sent may have landed, what was acknowledged may be gone when the server is back."""
        self._outage = fault
        for writer in self._writers:
            writer.suspect = True

    async def _connect(self) -> None:
        """Connect, however long it takes; fail the writers that have waited for too long meanwhile."""
        for pause in pauses():
            try:
                await self._pipe.connect()
            except FAULTS as fault:
                self._lose_patience(fault)
                await asyncio.sleep(pause)
            else:
                self._outage = None
                return

    def _lose_patience(self, fault: Exception) -> None:
        for writer in self._schedule:
            if writer.stumble():
                self._fail(writer, _unavailable(fault))

    def _mend(self, writer: RedisGenerationWriter, sending: Sending) -> None:
        task = asyncio.create_task(self._find_out(writer, sending), name=f"mend {writer.key}")
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    async def _find_out(self, writer: RedisGenerationWriter, sending: Sending) -> None:
        """Look up what the log holds, and go on from there; `writer` stays busy meanwhile."""
        try:
            fate = await find_fate(self._reader, writer.generation_id, sending, writer.last_sequence)
        except LogUnavailable as fault:
            self._server_lost(fault)
            self._again(writer)
        except Fenced as fenced:
            self._fail(writer, fenced)
        else:
            await self._go_on(writer, sending, fate)

    async def _go_on(self, writer: RedisGenerationWriter, sending: Sending, fate: Fate) -> None:
        writer.suspect = False
        if fate is Fate.LANDED:
            self._acknowledged(writer, sending)
            self._backlog.tell()
            return
        try:
            if fate is Fate.LOST:
                text = await writer.recover()
                if writer.failure is None:
                    writer.begin_anew(text)
        except Exception as failure:  # noqa: BLE001 - whatever ends the recovery belongs to the producer
            self._fail(writer, failure)
        else:
            self._again(writer)

    def _fail(self, writer: RedisGenerationWriter, failure: Exception) -> None:
        self._schedule.remove(writer)
        self._release(writer)
        writer.fail(failure)

    def _release(self, writer: RedisGenerationWriter) -> None:
        self._writers.discard(writer)
        if self._local.get(writer.generation_id) is writer:
            del self._local[writer.generation_id]

    def _stop(self) -> None:
        self._schedule.close()
        for writer in list(self._writers):
            self._fail(writer, LogUnavailable(_STOPPED))


def _addition(in_flight: _InFlight) -> Command:
    writer, sending = in_flight
    position = entry_id(sending.entry.position)
    place = (position,) if sending.creates else ("NOMKSTREAM", position)
    return ("XADD", writer.key, *place, *encode(sending.entry))


def _expiries(batch: list[_InFlight]) -> Iterator[Command]:
    return (("EXPIRE", writer.key, UNENDED_LIFE) for writer, sending in batch if sending.creates)


def _unavailable(cause: Exception) -> LogUnavailable:
    unavailable = LogUnavailable("The log does not take entries.")
    unavailable.__cause__ = cause
    return unavailable
