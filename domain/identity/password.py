"""What a good password is: long, not one that everybody tries, and not about its owner."""

import unicodedata
from collections.abc import Collection, Container

from domain.identity.email import fold
from domain.shared.checks import Refused

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 128
# No character takes more than four in any Unicode form; what is longer is not worth normalising.
_LONGEST_SPELLING = 4 * MAXIMUM_LENGTH


def parse_password(value: str) -> str:
    """Return a password in the form that is hashed: NFC (RFC 8265), so that every keyboard types the same one.

    Accepts whatever an account can have: for logging in. Raises Refused.
    """
    if not value:
        raise Refused("REQUIRED", "A value is required.")
    if len(value) > _LONGEST_SPELLING:
        raise _too_long()
    if any(char == "\0" or unicodedata.category(char) == "Cs" for char in value):
        raise Refused("INVALID_CHARACTER", "NUL and lone surrogates are not allowed.")
    password = unicodedata.normalize("NFC", value)
    if len(password) > MAXIMUM_LENGTH:
        raise _too_long()
    return password


def parse_new_password(value: str, common: Container[str], personal: Collection[str]) -> str:
    """Return a password that may be chosen. Raises Refused.

    `common` holds passwords that everybody tries, case folded; `personal` is what is known of the owner: address,
    its local part, name. Neither may be the password, in whatever letter case.
    """
    password = parse_password(value)
    if len(password) < MINIMUM_LENGTH:
        raise Refused("TOO_SHORT", f"At least {MINIMUM_LENGTH} characters are needed.")
    if password.casefold() in common:
        raise Refused("TOO_COMMON", "This password is among those that are tried first.")
    if fold(password) in {fold(known) for known in personal if len(known) <= _LONGEST_SPELLING}:
        raise Refused("TOO_PERSONAL", "The password must not be the e-mail address or the name.")
    return password


def _too_long() -> Refused:
    return Refused("TOO_LONG", f"At most {MAXIMUM_LENGTH} characters are allowed.")
