"""Where the pages of our lists begin, as text and back."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from domain.practice.model import Conversation
from domain.practice.ports import Place
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.pages import Page

T = TypeVar("T")

# Nine digits are beyond any conversation, and within Postgres' integer.
_POSITION = re.compile(r"[0-9]{1,9}")


def cut(found: Sequence[T], size: int, place: Callable[[T], str]) -> Page[T]:
    """Return a page of `size` items; `found` has one more where another page follows."""
    items = tuple(found[:size])
    return Page(items, place(items[-1]) if len(found) > size else None)


def place_text(conversation: Conversation) -> str:
    """Return a conversation's place, as `parse_place` reads it."""
    return f"{conversation.created_at.isoformat()} {conversation.id}"


def parse_place(text: str | None) -> Place | None:
    """Return the place; None stays None. Raises InvalidRequest."""
    if text is None:
        return None
    try:
        moment, _, conversation_id = text.rpartition(" ")
        place = Place(datetime.fromisoformat(moment), UUID(conversation_id))
    except ValueError:
        raise _nowhere() from None
    if place.created_at.utcoffset() != timedelta(0):
        raise _nowhere()
    return place


def parse_position(text: str | None) -> int:
    """Return the position after which a page begins; 0, the beginning, for None. Raises InvalidRequest."""
    if text is None:
        return 0
    if _POSITION.fullmatch(text) is None:
        raise _nowhere()
    return int(text)


def _nowhere() -> InvalidRequest:
    return InvalidRequest((Violation("page_token", "INVALID_FORMAT", "page_token is not one that this list gave."),))
