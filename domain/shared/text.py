"""Text that people type, made fit to keep."""

import unicodedata
from collections.abc import Callable

from domain.shared.checks import Refused

# Control characters have no place in what people type; line ends and tabs do, in prose.
_PROSE_CONTROLS = frozenset("\n\r\t")
_LONGEST_SPELLING = 4
_UNSEEN = frozenset(["Cf", "Zs", "Zl", "Zp"])


def line(minimum: int, maximum: int) -> Callable[[str], str]:
    """Return a parser for one line of text: NFC, outer white space removed, `minimum` to `maximum` characters."""
    return lambda value: _parse(value, minimum, maximum, frozenset())


def prose(minimum: int, maximum: int) -> Callable[[str], str]:
    """Return a parser like `line` that lets line ends and tabs pass."""
    return lambda value: _parse(value, minimum, maximum, _PROSE_CONTROLS)


def _parse(value: str, minimum: int, maximum: int, controls: frozenset[str]) -> str:
    # Composing shortens a text to a third at most, so what is longer than this is too long in any form: refused unread.
    if len(value) > _LONGEST_SPELLING * maximum:
        raise Refused("TOO_LONG", f"At most {maximum} characters are allowed.")
    text = unicodedata.normalize("NFC", value).strip()
    # Joiners are a part of words in many scripts; a text of nothing else cannot be seen.
    if all(unicodedata.category(char) in _UNSEEN for char in text):
        raise Refused("REQUIRED", "A value is required.")
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char not in controls for char in text):
        raise Refused("INVALID_CHARACTER", "Control characters are not allowed.")
    if len(text) < minimum:
        raise Refused("TOO_SHORT", f"At least {minimum} characters are needed.")
    if len(text) > maximum:
        raise Refused("TOO_LONG", f"At most {maximum} characters are allowed.")
    return text
