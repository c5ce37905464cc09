"""Cross-origin requests (the Fetch standard, 3.3): which pages may call, and with what.

No credentials: browsers send neither cookies nor stored passwords. Authorization comes from the page's own code.
"""

from collections.abc import Callable

from gateway.errors import Headers
from gateway.request_headers import RequestHeaders

ANY = "*"
_ORIGIN = b"origin"
_METHOD = b"access-control-request-method"
_ALLOW_ORIGIN = b"access-control-allow-origin"
_MAX_AGE = b"600"  # seconds that a browser may remember; the least that all of them keep to


class Cors:
    """An exact list of origins, or all. `takes_header` tells which request headers pages may send."""

    def __init__(self, origins: tuple[str, ...], takes_header: Callable[[str], bool]) -> None:
        self._is_open = ANY in origins
        self._origins = frozenset(origin.encode("latin-1", "replace") for origin in origins)
        self._takes_header = takes_header

    def headers(self, request: RequestHeaders) -> Headers:
        """Return what every answer to this request says about its page."""
        if self._is_open:
            return [(_ALLOW_ORIGIN, b"*"), (b"access-control-expose-headers", b"*")]
        if not self._origins:
            return []
        vary = (b"vary", _ORIGIN)
        origin = request.all.get(_ORIGIN, b"")
        if origin not in self._origins:
            return [vary]
        return [(_ALLOW_ORIGIN, origin), (b"access-control-expose-headers", b"*"), vary]

    def preflight(self, request: RequestHeaders, methods: list[str]) -> Headers:
        """Return what the answer to a preflight adds: none when it is not one, or the page may not call."""
        may_call = any(name == _ALLOW_ORIGIN for name, _ in self.headers(request))
        if not may_call or not {_ORIGIN, _METHOD} <= request.all.keys():
            return []
        asked = request.text(b"access-control-request-headers").lower().split(",")
        taken = [name for name in map(str.strip, asked) if self._takes_header(name)]
        return [
            (b"access-control-allow-methods", ", ".join(methods).encode()),
            (b"access-control-allow-headers", ", ".join(taken).encode()),
            (b"access-control-max-age", _MAX_AGE),
        ]
