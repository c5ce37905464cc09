"""Streams in which neither side ever waits, and what else wants to run beside them."""

import asyncio

SHARE = 32
"""Messages in a row before others have their turn."""
# Seconds after which the HTTP server's threads get theirs too, and how long it is. A loop that never waits gives the
# interpreter's lock up in each write, but takes it back before a thread that wants it has woken: of a client that had
# left a stream then knew after 0.3 to 10 s, since writes to nobody never wait; now after 0.1.
_BREATHES_EVERY, _BREATH = 0.05, 0.001


class Turns:
    """Lets others have their turn: to be called by one stream after each SHARE of its messages."""

    __slots__ = ("_breathed",)

    def __init__(self) -> None:
        self._breathed = asyncio.get_running_loop().time()

    async def let_others(self) -> None:
        """Let other requests have the loop, and from time to time the threads beside it the interpreter."""
        now = asyncio.get_running_loop().time()
        if now - self._breathed < _BREATHES_EVERY:
            await asyncio.sleep(0)
        else:
            self._breathed = now
            await asyncio.sleep(_BREATH)
