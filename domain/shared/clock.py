"""The time, as a port: use cases never ask the machine for it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, in UTC and with its zone."""


def system_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)
