"""Access tokens: JSON Web Tokens (RFC 7519) signed with Ed25519."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError

from adapters.security.signing_keys import ALGORITHM, SigningKeys
from domain.identity.errors import TokenExpired, TokenInvalid
from domain.identity.model import ACCESS_TOKEN_LIFETIME, Identity, VerifiedToken
from domain.shared.clock import Clock

ISSUER = "fluentpro"
AUDIENCE = "fluentpro"
# How far the clocks of two servers may differ: one may have issued what another still sees in the future.
LEEWAY_SECONDS = 60
# Ours have some 450 characters.
_LONGEST_TOKEN = 2048


class JwtAccessTokens:
    """Signs with the first key, verifies with each.

    The header of every token of ours is one of a few known texts, one for each key. A token with another one is
    refused before anything of it is read: `none` and other algorithms, keys that the token brings along, critical
    extensions and ids that are paths all end there.
    """

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._header = _header(keys.signing_id)
        self._signing_key = keys.by_id[keys.signing_id]
        self._key_of_header = {
            jwt.encode(_header(kid), {}, key, [ALGORITHM]).partition(".")[0]: key for kid, key in keys.by_id.items()
        }

    def issue(self, identity: Identity) -> str:
        """Return a signed token that lives ten minutes from now."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "roles": sorted(identity.roles),
            "iat": now,
            "nbf": now,
            "exp": now + int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        }
        return jwt.encode(self._header, claims, self._signing_key, [ALGORITHM])

    def verify(self, token: str) -> VerifiedToken:
        """Return what the token says. Raises TokenInvalid, TokenExpired."""
        claims = self._signed_claims(token)
        try:
            verified = _verified(claims, self._clock().timestamp())
        except (KeyError, ValueError) as error:
            raise TokenInvalid from error
        if verified.expires_at <= self._clock():
            raise TokenExpired
        return verified

    def public_keys(self) -> dict[str, Any]:
        """Return the public keys as a JSON Web Key Set."""
        return self._keys.public()

    def _signed_claims(self, token: str) -> dict[str, Any]:
        key = self._key_of_header.get(token.partition(".")[0])
        if key is None or len(token) > _LONGEST_TOKEN:
            raise TokenInvalid
        try:
            return jwt.decode(token, key, [ALGORITHM]).claims
        except (JoseError, ValueError) as error:
            raise TokenInvalid from error


def _header(kid: str) -> dict[str, str]:
    return {"typ": "JWT", "alg": ALGORITHM, "kid": kid}


def _verified(claims: Mapping[str, Any], now: float) -> VerifiedToken:
    """Return what good claims say. Raises KeyError for one that is missing, ValueError for one that is wrong."""
    if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
        raise ValueError("not from us, or not for us")
    if max(_seconds(claims["iat"]), _seconds(claims["nbf"])) > now + LEEWAY_SECONDS:
        raise ValueError("from the future")
    identity = Identity(_uuid(claims["sub"]), _uuid(claims["sid"]), _names(claims["roles"]))
    return VerifiedToken(identity, datetime.fromtimestamp(_seconds(claims["exp"]), UTC))


def _seconds(value: Any) -> int:
    # A bool is an int, and NaN compares with nothing: neither is a time. Beyond the year 9999 there is no datetime.
    if type(value) is not int or not 0 <= value <= 253_402_300_799:
        raise ValueError("not a time")
    return value


def _uuid(value: Any) -> UUID:
    if not isinstance(value, str):
        raise ValueError("not an id")  # noqa: TRY004 - one kind of error for every wrong claim
    return UUID(value)


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("not a list of names")
    return frozenset(value)
