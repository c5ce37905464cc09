"""Up to which position the event store is settled, so that nothing can appear there any more.

Positions are drawn before their transactions commit, so a reader that goes by them could pass one that appears later.
A transaction that appends therefore holds a shared advisory lock that says from where on its positions may be; who
reads ends before the lowest one held.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The upper 16 of 64 bits tell our locks from others' ("FP" in ASCII); the rest is a position.
_KIND = 0x4650

_DRAWN = "CASE WHEN is_called THEN last_value ELSE 0 END"

HOLD_POSITION = f"SELECT pg_advisory_xact_lock_shared(({_KIND}::bigint << 48) + {_DRAWN}) FROM event_store_position_seq"  # noqa: S608
"""Holds the highest position drawn so far until the transaction's end: its own are drawn after it, and are higher."""

_LAST_DRAWN = text(f"SELECT {_DRAWN} FROM event_store_position_seq")  # noqa: S608 - of constants
_LOWEST_HELD = text(
    f"""
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = {_KIND}
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """  # noqa: S608 - of constants
)


async def settled_position(connection: AsyncConnection) -> int:
    """Return the highest position up to which nothing can appear any more; read events in a later statement.

    In this order: what was drawn by then is either held when the locks are read, or has ended and is seen by who reads
    after that.
    """
    drawn = int((await connection.execute(_LAST_DRAWN)).scalar_one())
    held = (await connection.execute(_LOWEST_HELD)).scalar_one()
    return drawn if held is None else min(drawn, int(held))
