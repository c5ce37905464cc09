"""The file with the server's keys: a private JSON Web Key Set (RFC 7517).

It holds Ed25519 keys for access tokens, of which the first signs and all verify, so that a new key can be put first
while tokens of the old one live; and one symmetric key with `"use": "refresh"`, of which refresh tokens are made.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from adapters.security.key_files import create_key_file

ALGORITHM: Final = "Ed25519"  # RFC 9864; `EdDSA` is its older, ambiguous name
_REFRESH_SECRET_BYTES = 32  # as many as HMAC-SHA256 gives


class SigningKeysUnusable(Exception):
    """The file with the keys cannot be read, or is not what it must be. The message names the file, never a key."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The server's keys: Ed25519 private keys by their id, the signing one first, and the refresh secret."""

    by_id: dict[str, OKPKey] = field(repr=False)
    refresh_secret: bytes = field(repr=False)

    @property
    def signing_id(self) -> str:
        """The id of the key that signs."""
        return next(iter(self.by_id))

    def public(self) -> dict[str, Any]:
        """Return the public halves as a JSON Web Key Set."""
        return {"keys": [_public(kid, key) for kid, key in self.by_id.items()]}


def load_signing_keys(path: Path) -> SigningKeys:
    """Read the keys. Raises SigningKeysUnusable."""
    try:
        entries = json.loads(path.read_bytes())["keys"]
        return SigningKeys(_ed25519_keys(entries), _refresh_secret(entries))
    except OSError as error:
        raise SigningKeysUnusable(f"{path}: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, JoseError) as error:
        # From None: the errors of parsers can repeat what they read.
        reason = error if isinstance(error, _Unfit) else "this is no JSON Web Key Set"
        raise SigningKeysUnusable(f"{path}: {reason}.") from None


def load_or_create_signing_keys(path: Path) -> SigningKeys:
    """Read the keys; make them first, readable by their owner alone, when there is no such file.

    Of several processes that make them at once, one wins and the others read its keys. Raises SigningKeysUnusable.
    """
    if not path.exists():
        try:
            create_key_file(path, json.dumps(_new_key_set()).encode())
        except OSError as error:
            raise SigningKeysUnusable(f"{path}: {error.strerror}.") from error
    return load_signing_keys(path)


class _Unfit(ValueError):
    """A key set that lacks something."""


def _ed25519_keys(entries: Iterable[dict[str, str]]) -> dict[str, OKPKey]:
    keys: dict[str, OKPKey] = {}
    for entry in entries:
        if entry.get("use") == "refresh":
            continue
        key = OKPKey.import_key(cast("Any", entry))
        if not key.is_private or key.curve_name != ALGORITHM:
            raise _Unfit("every key but the refresh key must be a private Ed25519 key")
        kid = entry.get("kid") or key.thumbprint()
        if kid in keys:
            raise _Unfit("two keys have the same kid")
        keys[kid] = key
    if not keys:
        raise _Unfit("an Ed25519 key to sign with is missing")
    return keys


def _refresh_secret(entries: Iterable[dict[str, str]]) -> bytes:
    found = [entry for entry in entries if entry.get("use") == "refresh"]
    if len(found) != 1 or found[0].get("kty") != "oct":
        raise _Unfit('exactly one key of type oct must have "use": "refresh"')
    secret = urlsafe_b64decode(found[0]["k"] + "==")
    if len(secret) < _REFRESH_SECRET_BYTES:
        raise _Unfit(f"the refresh key must have at least {_REFRESH_SECRET_BYTES} bytes")
    return secret


def _public(kid: str, key: OKPKey) -> dict[str, Any]:
    # From the raw public key: nothing else that an entry of the file holds can slip through.
    public = OKPKey.import_key(key.public_key).as_dict(private=False)
    return {**public, "kid": kid, "use": "sig", "alg": ALGORITHM}


def _new_key_set() -> dict[str, Any]:
    key = OKPKey.generate_key(ALGORITHM)
    signing = {**key.as_dict(private=True), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}
    secret = urlsafe_b64encode(secrets.token_bytes(_REFRESH_SECRET_BYTES)).decode().rstrip("=")
    return {"keys": [signing, {"kty": "oct", "use": "refresh", "kid": "refresh", "k": secret}]}
