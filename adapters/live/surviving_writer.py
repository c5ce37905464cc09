"""A writer that goes on in this process's memory while Redis is away, and comes back to it."""

import asyncio
from dataclasses import dataclass, field, replace
from uuid import UUID

from adapters.live.generation_writer import RedisGenerationWriter
from adapters.live.local_log import LocalLog, LocalLogs
from adapters.live.log_hub import LogHub
from adapters.live.log_writer import LogWriter
from adapters.live.outage import Outage
from domain.practice.log import LogUnavailable, RecoverText
from domain.practice.reply import Accepted, Position, ReplyEvent, Reset, Snapshot, Started, TextDelta

STUCK = 4
"""Looks in a row that find nothing new acknowledged although something waits: then Redis is given up for now."""

_OPENING = (Reset, Accepted, Started)
_TEXT = (TextDelta, Snapshot)


@dataclass(frozen=True, slots=True)
class Ways:
    """What the writers of a process share: the way into Redis, the way into memory, and which one is open.

    `leaving` are the generations on their way from one to the other, `writers` those that are not closed.
    """

    durable: LogWriter
    hub: LogHub
    logs: LocalLogs
    outage: Outage
    leaving: set[UUID] = field(default_factory=set)
    writers: "set[SurvivingWriter]" = field(default_factory=set)

    def decides(self, generation_id: UUID) -> bool:
        """Return whether a writer of this process has the generation in Redis, or is about to leave it."""
        return generation_id in self.leaving or self.durable.produces(generation_id)


class SurvivingWriter:
    """Implements GenerationWriter. It is in one of three states.

    With a `_durable` writer all goes to Redis. With a `_leaving` task that was given up, and what comes waits for the
    lease to be checked. With a `_local` log all goes there. Whoever has read the entries before a change of states
    reads on after it: the sequences rise, and a snapshot stands for whatever lay between.
    """

    def __init__(self, generation_id: UUID, attempt: int, recover: RecoverText, ways: Ways) -> None:
        self._generation_id = generation_id
        self._attempt = attempt
        self._recover = recover
        self._ways = ways
        self._durable: RedisGenerationWriter | None = None
        self._local: LocalLog | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._late: list[ReplyEvent] = []
        self._closed = False
        self._seen = 0
        self._stuck = 0
        ways.writers.add(self)
        if ways.outage.lasts:
            self._go_local(0)
        else:
            ways.logs.drop(generation_id, ways.logs.get(generation_id))  # an earlier attempt's
            self._durable = self._open()

    @property
    def last_sequence(self) -> int:
        """The highest sequence that readers can have; 0 before the first. During a change it is one more."""
        if self._local is not None:
            return self._local.last_sequence
        return self._durable.last_sequence if self._durable is not None else self._seen

    async def write(self, event: ReplyEvent) -> None:
        """Take an event. Raises Fenced; LogUnavailable when the process stops; and what checking the lease raises."""
        if self._durable is not None:
            try:
                await self._durable.write(event)
            except LogUnavailable:
                await self._left()
            return
        self._check()
        if self._leaving is not None:
            self._late.append(event)
            await self._left()
        elif self._ways.outage.lasts:
            self._append(event)
        else:
            await self._return(event)

    async def flush(self) -> None:
        """Return when everything taken so far can be read. Raises what `write` raises."""
        if self._durable is not None:
            try:
                await self._durable.flush()
            except LogUnavailable:
                await self._left()
            return
        self._check()
        await self._left()

    def close(self) -> None:
        """Write nothing more. What is only in memory stays there for its readers if it has its end."""
        self._closed = True
        self._ways.writers.discard(self)
        if self._leaving is not None:
            self._leaving.cancel()
        if self._durable is not None:
            self._durable.close()
        if self._local is not None and not self._local.has_ended:
            self._ways.logs.drop(self._generation_id, self._local)

    def look(self) -> None:
        """Give Redis up when it has taken nothing for too long, or is known to be away. Call it again and again."""
        if self._durable is None or not self._ways.durable.has(self._durable):
            return
        acknowledged = self._durable.last_sequence
        waits = self._durable.pending.tokens > 0 and acknowledged == self._seen
        self._seen = acknowledged
        self._stuck = self._stuck + 1 if waits else 0
        if self._stuck >= STUCK:
            self._ways.outage.begin()
        if self._ways.outage.lasts:
            self._leave(self._durable)

    def _check(self) -> None:
        if self._closed:
            raise LogUnavailable("The writer was closed.")

    def _has_left(self, task: asyncio.Task[None]) -> None:
        self._ways.leaving.discard(self._generation_id)
        if not task.cancelled():
            task.exception()  # the producer may write nothing more, and so never ask for it

    async def _left(self) -> None:
        """Return when the change to memory is done, which brings along all that was taken before."""
        if self._leaving is not None:
            await asyncio.shield(self._leaving)
        elif self._local is None:
            raise LogUnavailable("This process does not write logs any more.")

    def _leave(self, durable: RedisGenerationWriter) -> None:
        taken = durable.pending.taken
        self._seen = taken + 1  # the next checkpoint says that Redis is behind
        unwritten, self._durable = durable.pending.unwritten, None
        durable.close()
        self._leaving = asyncio.create_task(self._move(taken, unwritten), name=f"leave {durable.key}")
        self._leaving.add_done_callback(self._has_left)
        self._ways.leaving.add(self._generation_id)

    async def _move(self, taken: int, unwritten: list[ReplyEvent]) -> None:
        """Go on in memory, once the lease was found to be held still."""
        text = await self._recover()
        self._go_local(taken)
        events = [event for event in (*unwritten, *self._late) if not isinstance(event, _TEXT)]
        opening = [event for event in events if isinstance(event, _OPENING)]
        snapshot = [Snapshot(text)] if text else []
        for event in (*opening, *snapshot, *(event for event in events if not isinstance(event, _OPENING))):
            self._append(event)
        self._late.clear()
        self._leaving = None

    def _go_local(self, taken: int) -> None:
        self._local = self._ways.logs.begin(self._generation_id, Position(self._attempt, taken))

    def _append(self, event: ReplyEvent) -> None:
        if self._local is not None:
            told = replace(event, degraded=True) if isinstance(event, Started) else event
            self._ways.hub.deliver(self._generation_id, self._local.append(told))

    async def _return(self, event: ReplyEvent) -> None:
        """Go on in Redis, once the lease was found to be held still, with a snapshot of what only this process has."""
        begun = self.last_sequence
        text = await self._recover() if begun else ""
        self._durable = self._open()
        local, self._local = self._local, None
        self._seen, self._stuck = begun, 0
        self._ways.logs.drop(self._generation_id, local)
        if begun:
            self._durable.begin_with(begun, text, event)
        else:
            await self.write(event)

    def _open(self) -> RedisGenerationWriter:
        return self._ways.durable.open(self._generation_id, self._attempt, self._recover)
