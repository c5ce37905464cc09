"""E-mail addresses: what is accepted, and when two of them are the same.

The rules follow RFC 5321 and 6531 as far as addresses of people go: no quoted local parts, no address literals, no
host without a dot. Domains are compared as IDNA 2003 maps them, which the standard library has: `faß.de` is
`fass.de`.
"""

import re
import unicodedata
from dataclasses import dataclass

from domain.shared.checks import Refused

MAXIMUM_LENGTH = 254  # RFC 5321: a path of 256 octets less its angle brackets
MAXIMUM_LOCAL_OCTETS = 64  # RFC 5321, 4.5.3.1.1
MAXIMUM_DOMAIN_LENGTH = 253  # RFC 1035: 255 octets on the wire

_ATOM_SYMBOLS = frozenset("!#$%&'*+-/=?^_`{|}~")  # RFC 5322, atext
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?![0-9]+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])")


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address as somebody typed it, and its key: two addresses are the same when their keys are equal."""

    typed: str
    key: str


def parse_email(value: str) -> EmailAddress:
    """Return the address in `value`, outer white space removed. Raises Refused."""
    typed = value.strip()
    if not typed:
        raise Refused("REQUIRED", "A value is required.")
    if len(typed) > MAXIMUM_LENGTH:
        raise Refused("TOO_LONG", f"At most {MAXIMUM_LENGTH} characters are allowed.")
    local, _, domain = fold(typed).rpartition("@")
    ascii_domain = _ascii_domain(domain)
    key = f"{local}@{ascii_domain}"
    if not _is_local_part(local) or ascii_domain is None or len(key) > MAXIMUM_LENGTH:
        raise Refused("INVALID_FORMAT", "An e-mail address is needed, such as name@example.com.")
    return EmailAddress(typed, key)


def fold(value: str) -> str:
    """Return the form in which letter case and Unicode form make no difference (NFKC, case folded)."""
    # Case folding can undo the normal form, so it is brought back.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())


def _is_local_part(local: str) -> bool:
    atoms = local.split(".")
    return all(atoms) and all(map(_is_atom_character, "".join(atoms))) and len(local.encode()) <= MAXIMUM_LOCAL_OCTETS


def _is_atom_character(char: str) -> bool:
    if char.isascii():
        return char.isalnum() or char in _ATOM_SYMBOLS
    # Neither blanks nor what cannot be seen (controls, joiners, surrogates, unassigned): those make look-alikes.
    return unicodedata.category(char)[0] not in "CZ"


def _ascii_domain(domain: str) -> str | None:
    try:
        text = domain.encode("idna").decode()
    except UnicodeError:
        return None
    return text if len(text) <= MAXIMUM_DOMAIN_LENGTH and _DOMAIN.fullmatch(text) else None
