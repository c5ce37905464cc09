"""Lists come in pages."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.shared.errors import InvalidRequest, Violation

T = TypeVar("T")

DEFAULT_SIZE = 20
MAXIMUM_SIZE = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is asked for: at most `size` items after the item at `after`; None is the beginning."""

    size: int = DEFAULT_SIZE
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and where the next page begins: `next_after` is None on the last page."""

    items: tuple[T, ...]
    next_after: str | None = None


def parse_page(size: int, token: str, scope: str) -> PageRequest:
    """Return the page that a caller asks for by `page_size` and `page_token`.

    `scope` is everything else the list depends on (method, caller, filters): a token of another scope is refused.
    Size 0 is the default, more than the maximum is the maximum. Raises InvalidRequest.
    """
    violations = []
    if size < 0:
        violations.append(Violation("page_size", "OUT_OF_RANGE", "page_size must not be negative."))
    after = _position(token, scope) if token else None
    if token and after is None:
        message = "page_token is not one that this list gave for these arguments."
        violations.append(Violation("page_token", "INVALID_FORMAT", message))
    if violations:
        raise InvalidRequest(tuple(violations))
    return PageRequest(min(size or DEFAULT_SIZE, MAXIMUM_SIZE), after)


def page_token(page: Page[T], scope: str) -> str:
    """Return the opaque token of the page after `page`; empty on the last page."""
    if page.next_after is None:
        return ""
    return base64.urlsafe_b64encode(_seal(scope) + page.next_after.encode()).decode().rstrip("=")


def _position(token: str, scope: str) -> str | None:
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return data[8:].decode() if data[:8] == _seal(scope) else None
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _seal(scope: str) -> bytes:
    # A checksum, no signature: a forged position shows its forger only what the list would show anyway.
    return hashlib.blake2b(scope.encode(), digest_size=8).digest()
