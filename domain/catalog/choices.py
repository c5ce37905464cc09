"""Checking that what a caller names is in the catalogue."""

from collections.abc import Callable, Collection
from itertools import islice

from domain.shared.checks import Refused

# A refusal names this many of what could have been chosen: a learner may have many roles, an error has little room.
_NAMED = 20


def one_of(ids: Collection[str]) -> Callable[[str], str]:
    """Return a parser that lets only these ids pass, and names them when it refuses another."""

    def parse(value: str) -> str:
        if not value:
            raise Refused("REQUIRED", "A value is required.")
        if value not in ids:
            raise Refused("UNKNOWN_VALUE", f"Not known. {available(ids)}")
        return value

    return parse


def available(ids: Collection[str]) -> str:
    """Return the sentence that says what could have been chosen."""
    more = ", …" if len(ids) > _NAMED else "."
    return f"Available: {', '.join(islice(ids, _NAMED))}{more}"
