"""A partner that speaks at a steady pace, and whose words say when they were due."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator

from domain.practice.chat import ChatPart, ChatRequest, Delta, Finish, FinishReason

PACE = 10
"""Tokens per second of one stream."""
TICKS = 10_000
"""Ticks per second of the clock by which tokens are due."""
TICKS_A_TOKEN = TICKS // PACE

_AROUND = 10**7  # ticks until their number begins anew: some 1000 seconds
_TOKEN = re.compile(rb"@([0-9]{7}) ")
TOKEN_BYTES = 9


def now() -> int:
    """Return the time in ticks; all processes of a machine have the same."""
    return int(time.monotonic() * TICKS)


def word(due: int) -> str:
    """Return the token that was due then."""
    return f"@{due % _AROUND:07d} "


def dues(data: bytes) -> list[int]:
    """Return when the tokens in `data` were due, as far as their words tell; other bytes may be around them."""
    return [int(each) for each in _TOKEN.findall(data)]


def ticks_between(due: int, later: int) -> int:
    """Return the ticks from one time to another, of which either may be one that a word told."""
    return (later - due + _AROUND // 2) % _AROUND - _AROUND // 2


async def words(asked: str) -> AsyncGenerator[str, None]:
    """Give as many tokens as the learner's message asks for, one where it is not a number.

    The first is due at once and each other one a tenth of a second after the one before, however late that was: what a
    provider has sent waits in the connection.
    """
    began = now()
    for due in range(began, began + int(asked if asked.isdecimal() else 1) * TICKS_A_TOKEN, TICKS_A_TOKEN):
        early = due / TICKS - time.monotonic()
        if early > 0:
            await asyncio.sleep(early)
        yield word(due)


class PacedModel:
    """A `ChatModel` that speaks at that pace."""

    name = "paced"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Give the tokens."""
        async for each in words(request.history[-1].text):
            yield Delta(each)
        yield Finish(FinishReason.STOP)
