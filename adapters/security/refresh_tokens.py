"""Refresh tokens."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

_BYTES = 32


class HmacRefreshTokens:
    """Makes random first tokens, and successors by HMAC-SHA256 with the server's secret.

    The same token has the same successor: so a lost answer can be given again although only hashes are stored.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def first(self) -> str:
        """Return a new random token."""
        return secrets.token_urlsafe(_BYTES)

    def successor(self, token: str) -> str:
        """Return the token that follows `token`."""
        digest = hmac.digest(self._secret, token.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")
