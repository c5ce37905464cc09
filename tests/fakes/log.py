"""The durable log and the doorbell, in memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from uuid import UUID

from domain.practice.log import Alive, Fenced, LogUnavailable, RecoverText
from domain.practice.reply import LogEntry, Position, ReplyEvent, Reset, Snapshot, TextDelta

_BEGINNING = Position(1, 0)


class FakeGenerationLog:
    """Implements GenerationLog. `available` and `lose` play an outage and a loss; `ended` tells what was ended.

    It never joins deltas, and a write is in the log when `write` returns.
    """

    def __init__(self, silence: float = 0.01) -> None:
        self.available = True
        self.ended: set[UUID] = set()
        self._silence = silence
        self._logs: dict[UUID, list[LogEntry]] = {}
        self._grown = asyncio.Event()

    def lose(self, generation_id: UUID) -> None:
        """Lose a log with all that is in it."""
        del self._logs[generation_id]

    def writer(self, generation_id: UUID, attempt: int, recover: RecoverText) -> "FakeGenerationWriter":
        return FakeGenerationWriter(self, generation_id, attempt, recover)

    async def follow(self, generation_id: UUID, after: Position | None, alive: Alive) -> AsyncGenerator[LogEntry, None]:
        last = after or _BEGINNING
        going = True
        while True:
            grown = self._grown
            found = [entry for entry in self.entries(generation_id) if entry.position > last]
            for entry in found:
                last = entry.position
                yield entry
                if entry.is_last:
                    return
            if not found and not going:
                return
            if not found:
                going = await self._wait(grown) or await alive()

    async def _wait(self, grown: asyncio.Event) -> bool:
        try:
            async with asyncio.timeout(self._silence):
                return await grown.wait()
        except TimeoutError:
            return False

    async def holds(self, generation_id: UUID, position: Position) -> bool | None:
        entries = self.entries(generation_id)
        rest = [entry for entry in entries if entry.position >= position]
        if rest:
            return rest[0].position == position or isinstance(rest[0].event, Snapshot | Reset)
        return False if entries else None

    async def read(self, generation_id: UUID) -> tuple[LogEntry, ...]:
        return tuple(self.entries(generation_id))

    async def end(self, generation_id: UUID) -> None:
        self._check()
        self.ended.add(generation_id)

    def entries(self, generation_id: UUID) -> list[LogEntry]:
        self._check()
        return self._logs.get(generation_id, [])

    def append(self, generation_id: UUID, entry: LogEntry) -> None:
        self._check()
        self._logs.setdefault(generation_id, []).append(entry)
        self._grown.set()
        self._grown = asyncio.Event()

    def _check(self) -> None:
        if not self.available:
            raise LogUnavailable("The log does not answer.")


class FakeGenerationWriter:
    """Implements GenerationWriter."""

    def __init__(self, log: FakeGenerationLog, generation_id: UUID, attempt: int, recover: RecoverText) -> None:
        self.last_sequence = 0
        self._log = log
        self._generation_id = generation_id
        self._attempt = attempt
        self._recover = recover
        self._failure: Exception | None = None

    async def write(self, event: ReplyEvent) -> None:
        await self.flush()
        try:
            await self._write(event)
        except Exception as failure:
            self._failure = failure
            raise

    async def flush(self) -> None:
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        self._failure = self._failure or LogUnavailable("The writer was closed.")

    async def _write(self, event: ReplyEvent) -> None:
        entries = self._log.entries(self._generation_id)
        if entries and entries[-1].position.attempt > self._attempt:
            raise Fenced("A later attempt has begun.")
        if not entries and self.last_sequence:
            text = await self._recover()  # holds the delta that is being written
            self._append(Snapshot(text))
            if isinstance(event, TextDelta | Snapshot):
                return
        self._append(event)

    def _append(self, event: ReplyEvent) -> None:
        sequence = self.last_sequence + 1
        self._log.append(self._generation_id, LogEntry(Position(self._attempt, sequence), sequence, event))
        self.last_sequence = sequence


class FakeDoorbell:
    """Implements Doorbell; `rung` tells who was rung for, in order."""

    def __init__(self) -> None:
        self.rung: list[UUID] = []
        self._handlers: list[Callable[[UUID], None]] = []

    def listen(self, handler: Callable[[UUID], None]) -> None:
        self._handlers.append(handler)

    async def ring(self, generation_id: UUID) -> None:
        self.rung.append(generation_id)
        for handler in self._handlers:
            handler(generation_id)
