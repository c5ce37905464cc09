"""Reading a reply, from its log while there is one and from the database afterwards."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from domain.practice.ending import FailureReason, last_event
from domain.practice.errors import CursorUnknown, GenerationNotFound
from domain.practice.ids import parse_generation_id
from domain.practice.log import GenerationLog, LogUnavailable
from domain.practice.model import Generation, Turn
from domain.practice.ports import PracticeReads
from domain.practice.reply import LogEntry, Position, Snapshot, parse_cursor

LOOK_AGAIN_SECONDS = 1.0
"""How long a reader waits before it asks again after a log that does not answer."""
_FIRST_LOOK_SECONDS = 0.1
"""The first time: the reply's producer may just be about to go on without Redis."""

_LATE_SECONDS = 0.05
_LATE_LOOKS = 20
"""For how long a log may lack the end that the database has: usual is a few milliseconds."""
_BEYOND_ALL = 999_999_999
"""The highest sequence that a cursor can have."""


@dataclass(frozen=True, slots=True)
class FollowReply:
    """Reads a reply to its end. It never starts one."""

    reads: PracticeReads
    log: GenerationLog
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def __call__(self, generation: Generation, after: Position | None) -> AsyncGenerator[LogEntry, None]:
        """Yield the entries after `after` (None: all) up to the last event; nothing when `after` is the last event.

        When the log is gone they are a snapshot of all text and the last event.
        """
        seen, wait = after, _FIRST_LOOK_SECONDS
        while not generation.has_ended:
            alive = partial(self._is_alive, generation)
            with suppress(LogUnavailable):
                async with aclosing(self.log.follow(generation.id, seen, alive)) as entries:
                    async for entry in entries:
                        seen = entry.position
                        yield entry
                        if entry.is_last:
                            return
            generation = await self._reload(generation)
            if not generation.has_ended:
                await self.pause(wait)
                wait = min(2 * wait, LOOK_AGAIN_SECONDS)
        for entry in await self._rest(generation, seen):
            yield entry

    async def _is_alive(self, generation: Generation) -> bool:
        return not (await self._reload(generation)).has_ended

    async def _reload(self, generation: Generation) -> Generation:
        async with self.reads() as reads:
            found = await reads.generations.get(generation.id)
        if found is None:
            raise GenerationNotFound(str(generation.id))
        return found

    async def _rest(self, generation: Generation, seen: Position | None) -> Sequence[LogEntry]:
        """Return the rest of a reply that has ended.

        It ends in the database first: a log that has a beginning and no end may be getting it just now.
        """
        entries = await self._read(generation)
        for _ in range(_LATE_LOOKS):
            if not entries or entries[-1].is_last:
                break
            await self.pause(_LATE_SECONDS)
            entries = await self._read(generation)
        if entries and entries[-1].is_last:
            return [entry for entry in entries if seen is None or entry.position > seen]
        async with self.reads() as reads:
            turn = await reads.turns.of_partner(generation.id)
        return _from_database(generation, turn, seen)

    async def _read(self, generation: Generation) -> Sequence[LogEntry]:
        with suppress(LogUnavailable):
            return await self.log.read(generation.id)
        return ()


@dataclass(frozen=True, slots=True)
class ResumeReply:
    """Reads a reply on from a cursor, on any device of its learner."""

    reads: PracticeReads
    log: GenerationLog
    follow: FollowReply

    async def __call__(self, user_id: UUID, generation_id: str, after: str) -> AsyncGenerator[LogEntry, None]:
        """Yield what `FollowReply` yields after the cursor `after`; empty: from the beginning.

        Raises what `place` raises.
        """
        generation, position = await self.place(user_id, generation_id, after)
        async with aclosing(self.follow(generation, position)) as entries:
            async for entry in entries:
                yield entry

    async def place(self, user_id: UUID, generation_id: str, after: str) -> tuple[Generation, Position | None]:
        """Return what `FollowReply` is to be given.

        Raises GenerationNotFound, and CursorUnknown for a cursor that this reply never gave.
        """
        async with self.reads() as reads:
            generation = await reads.generations.get(parse_generation_id(generation_id))
        if generation is None or generation.user_id != user_id:
            raise GenerationNotFound(generation_id)
        return generation, await self._position(generation, after) if after else None

    async def _position(self, generation: Generation, cursor: str) -> Position:
        parsed = parse_cursor(cursor)
        if parsed is None or parsed[0] != generation.id or not await self._was_sent(generation, parsed[1]):
            raise CursorUnknown
        return parsed[1]

    async def _was_sent(self, generation: Generation, position: Position) -> bool:
        if generation.has_ended and position in _last_two(generation):
            return True
        with suppress(LogUnavailable):
            held = await self.log.holds(generation.id, position)
            if held or (held is not None and await self._is_whole(generation)):
                return held
        # Nobody knows any more which places up to the newest one were sent.
        newest = generation.last_sequence if generation.has_ended else _BEYOND_ALL
        return position <= Position(generation.attempt, newest)

    async def _is_whole(self, generation: Generation) -> bool:
        """Return whether the log has come as far as the database knows; else its producer goes on without it."""
        entries = await self.log.read(generation.id)
        return bool(entries) and entries[-1].position >= Position(generation.attempt, generation.last_sequence)


def _last_two(generation: Generation) -> tuple[Position, Position]:
    """Return where the snapshot and the last event stand when they come from the database.

    The last event stands where it stands in the log, or was to stand, and the snapshot right before it: a reader who
    is further than that has all the text.
    """
    attempt, last = generation.attempt, generation.last_sequence
    before = Position(attempt, last - 1) if last > 1 else Position(attempt - 1, _BEYOND_ALL)
    return before, Position(attempt, last)


def _from_database(generation: Generation, turn: Turn | None, seen: Position | None) -> list[LogEntry]:
    before, last = _last_two(generation)
    if seen == last:
        return []
    entries = []
    if turn is not None and (seen is None or seen < before):
        entries.append(LogEntry(before, before.sequence, Snapshot(turn.text)))
    if seen is not None and seen > last:
        last = Position(seen.attempt, seen.sequence + 1)
    reason = FailureReason(generation.failure_reason) if generation.failure_reason else None
    event = last_event(generation.status, turn.id if turn else None, generation.finish_reason, reason)
    return [*entries, LogEntry(last, last.sequence, event)]
