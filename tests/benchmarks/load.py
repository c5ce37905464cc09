"""What puts a server under load, whatever the door."""

from typing import Protocol


class LoadFailed(Exception):
    """A request was refused, or no request came through: nothing was measured."""


class Load(Protocol):
    """Makes one and the same call, with IN_FLIGHT of them under way at any time."""

    async def run(self, seconds: float) -> tuple[int, float]:
        """Go on for `seconds`; return how many calls were answered well, and in how many seconds. Raises LoadFailed."""
        ...
