"""Writing entries to the bus: only onto a stream that is as the writer knows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from adapters.bus.connection import BusUnavailable, bus_answers

Fields = Sequence[str | bytes | int]

# One script a stream: all entries are added, or none. A writer that was replaced meanwhile knows an older last id, and
# a server that lost data has one; neither gets anything added. The script goes along each time: a server that was
# restarted knows none, and half a kilobyte is less than what a batch has.
_PUBLISH = """
local last = '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #info, 2 do
        if info[i] == 'last-generated-id' then last = info[i + 1] end
    end
end
if last ~= ARGV[1] then return {0, last} end
local at = 2
while at <= #ARGV do
    local fields = tonumber(ARGV[at])
    last = redis.call('XADD', KEYS[1], '*', unpack(ARGV, at + 1, at + fields))
    at = at + 1 + fields
end
return {1, last}
"""


@dataclass(frozen=True, slots=True)
class Shipment:
    """Entries for one stream, to be added after the entry `last_id`; without entries it only looks."""

    stream: str
    last_id: str
    entries: Sequence[Fields] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a shipment.

    `landed`: the entries are there, and `last_id` is the last one's; else the stream stands at another `last_id` and
    nothing was added. `refusal` is what Redis said when it took nothing (out of memory, read-only, disk full).
    """

    landed: bool = False
    last_id: str = ""
    refusal: str = field(default="", kw_only=True)


class BusPublisher:
    """Publishes to all streams with one round trip. Raises BusUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, shipments: Sequence[Shipment]) -> Mapping[str, Receipt]:
        """Send all shipments, each to a stream of its own; return the receipts by stream."""
        pipeline = self._redis.pipeline(transaction=False)
        for shipment in shipments:
            counted = [part for entry in shipment.entries for part in (len(entry), *entry)]
            pipeline.eval(_PUBLISH, 1, shipment.stream, shipment.last_id, *counted)
        async with bus_answers():
            answers = await pipeline.execute(raise_on_error=False)
        return {shipment.stream: _receipt(answer) for shipment, answer in zip(shipments, answers, strict=True)}

    async def last_ids(self, streams: Sequence[str]) -> Mapping[str, str]:
        """Return where each stream stands; NEVER for one that is not there."""
        # No id is empty, so nothing is added.
        receipts = await self.publish([Shipment(stream, "") for stream in streams])
        refusals = [receipt.refusal for receipt in receipts.values() if receipt.refusal]
        if refusals:
            raise BusUnavailable(refusals[0])
        return {stream: receipt.last_id for stream, receipt in receipts.items()}


def _receipt(answer: Any) -> Receipt:
    if isinstance(answer, ResponseError):
        return Receipt(refusal=f"{type(answer).__name__}: {answer}")  # the client takes the server's own code away
    if isinstance(answer, Exception):
        raise BusUnavailable(f"{type(answer).__name__}: {answer}") from answer
    landed, last_id = answer
    return Receipt(landed == 1, last_id.decode())
