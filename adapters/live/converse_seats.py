"""The seats of conversations among all processes, by Redis."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

from adapters.live.connection import ANSWER_WITHIN, FAULTS, connect, log_answers
from adapters.live.keys import SEAT_CHANNEL, seat_key
from adapters.live.patience import pauses
from adapters.live.seats import LocalSeats, Seat
from domain.practice.live_streams import ClosingReason, Ending
from domain.practice.log import LogUnavailable

SEAT_LIFE = 60
"""Seconds after which the seat of a dead process is nobody's."""
RENEW_EVERY = 20.0
"""Seconds between two looks whether the seats of this process are still its own, when no notice has come."""
_ID_BYTES = 16

# Holds the seat on, unless it was taken by another process. KEYS: the seat. ARGV: who holds it, its process, seconds.
_RENEW = """
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 16) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
"""


class RedisConverseSeats:
    """Implements ConverseSeat. One a process.

    Who takes a seat writes its key and publishes that, in one transaction: so all processes see the takers in the same
    order, and a notice that comes after one's own is from somebody newer. A notice may be lost: then the key tells.
    Without Redis a seat is taken within this process alone. Opening a stream waits for none of this.
    """

    def __init__(self, url: str, renew_every: float = RENEW_EVERY) -> None:
        self._redis = connect(url, 1)  # one connection: takers of this process are announced in their order
        self._subscriber = connect(url, 1)
        self._process = uuid4().bytes
        self._renew_every = renew_every
        self._seats = LocalSeats()
        self._subscribed = asyncio.Event()
        self._running: tuple[asyncio.Task[None], ...] = ()
        self._announcing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def take(self, conversation_id: UUID, ending: Ending) -> AsyncIterator[None]:
        """Hold the seat for a block."""
        if not self._running:
            self._running = (
                asyncio.create_task(self._listen(), name="converse seats"),
                asyncio.create_task(self._renew(), name="renew converse seats"),
            )
        async with self._seats.take(conversation_id, ending) as seat:
            announcing = asyncio.create_task(self._announce(conversation_id, seat))
            self._announcing.add(announcing)
            try:
                yield
            finally:
                announcing.cancel()
                self._announcing.discard(announcing)

    async def close(self) -> None:
        """Stop. Seats that are held lapse."""
        for task in (*self._running, *self._announcing):
            task.cancel()
        await asyncio.gather(*self._running, *self._announcing, return_exceptions=True)
        await self._redis.aclose()
        await self._subscriber.aclose()

    def _holder(self, seat: Seat) -> bytes:
        return self._process + str(seat.number).encode()

    async def _announce(self, conversation_id: UUID, seat: Seat) -> None:
        """Tell all processes; while Redis is away, again and again."""
        for pause in pauses():
            await self._subscribed.wait()  # or else our own notice would be missed
            with suppress(LogUnavailable):
                await self._publish(conversation_id, self._holder(seat))
                seat.is_published = True
                return
            await asyncio.sleep(pause)

    async def _publish(self, conversation_id: UUID, holder: bytes) -> None:
        async with log_answers():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.set(seat_key(conversation_id), holder, ex=SEAT_LIFE)
            pipeline.publish(SEAT_CHANNEL, conversation_id.bytes + holder)
            await pipeline.execute()

    async def _listen(self) -> None:
        for pause in pauses():
            with suppress(*FAULTS):
                await self._hear()
            self._subscribed.clear()
            await asyncio.sleep(pause)

    async def _hear(self) -> None:
        async with self._subscriber.pubsub() as channel:
            async with asyncio.timeout(ANSWER_WITHIN):
                await channel.subscribe(SEAT_CHANNEL)
            async for message in channel.listen():
                if message["type"] == "subscribe":
                    self._subscribed.set()
                elif message["type"] == "message":
                    self._take_notice(message["data"])

    def _take_notice(self, notice: bytes) -> None:
        conversation_id, holder = UUID(bytes=notice[:_ID_BYTES]), notice[_ID_BYTES:]
        seat = self._seats.get(conversation_id)
        if seat is None:
            return
        if holder == self._holder(seat):
            seat.is_announced = True
        elif seat.is_announced and not holder.startswith(self._process):
            seat.ending.end(ClosingReason.SUPERSEDED)

    async def _renew(self) -> None:
        """Hold the seats of this process on, and see which were taken while nothing was heard."""
        while True:
            await asyncio.sleep(self._renew_every * random.uniform(0.75, 1))  # noqa: S311 - spreads load
            for conversation_id, seat in self._seats:
                if seat.is_published:
                    with suppress(LogUnavailable):
                        await self._look(conversation_id, seat)

    async def _look(self, conversation_id: UUID, seat: Seat) -> None:
        if await self._is_held(conversation_id, seat):
            seat.is_announced = True  # also if our own notice was lost
        else:
            seat.ending.end(ClosingReason.SUPERSEDED)

    async def _is_held(self, conversation_id: UUID, seat: Seat) -> bool:
        async with log_answers():
            return bool(
                await self._redis.eval(
                    _RENEW, 1, seat_key(conversation_id), self._holder(seat), self._process, SEAT_LIFE
                )
            )
