"""What a version on its way out says with every answer, and what it says once it has ended."""

from dataclasses import dataclass
from email.utils import formatdate
from math import inf
from urllib.parse import quote

from google.rpc.code_pb2 import Code

from gateway.errors import Headers, Refusal
from gateway.lifecycle import Lifecycle, start_of

API_VERSION_SUNSET = "API_VERSION_SUNSET"
_GONE = 410
_OF_URLS = ":/?#[]@!$&'()*+,;=%~"  # what RFC 3986 lets a URL hold besides letters, digits and -._


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A deprecated version in the forms that its answers need, made once."""

    version: str
    """Such as `v1`."""
    meta: dict[str, str]
    """What an envelope's meta says: `version`, and where the contract says them the other three."""
    headers: Headers
    """`Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link`, by lower-case name; all of them ASCII."""
    ends_at: float
    """When it answers no more, in seconds since the epoch: inf when no day is set, -inf when it has ended for good."""
    lifecycle: Lifecycle

    @property
    def metadata(self) -> list[tuple[str, str]]:
        """The headers as gRPC metadata."""
        return [(name.decode(), value.decode()) for name, value in self.headers]

    @property
    def ended(self) -> str:
        """The sentence for who calls it after its end."""
        successor = self.lifecycle.successor
        return f"{self.version} ended on {self.lifecycle.sunset_on}." + (f" Use {successor}." if successor else "")

    @property
    def facts(self) -> dict[str, str]:
        """What goes with that sentence, for machines."""
        named = ("version", "sunset_date", "migration_guide")
        facts = {name: self.meta[name] for name in named if name in self.meta}
        return {**facts, "successor": self.lifecycle.successor} if self.lifecycle.successor else facts

    def refuse_after(self, now: float) -> None:
        """Raise the Refusal of a call at `now`, in seconds since the epoch, if the version has ended by then."""
        if now >= self.ends_at:
            raise Refusal(
                self.ended, API_VERSION_SUNSET, code=Code.UNIMPLEMENTED, http_status=_GONE, metadata=self.facts
            )


def deprecation_of(version: str, lifecycle: Lifecycle, successor_path: str) -> Deprecation | None:
    """Return what the version says; None when it is not deprecated.

    `successor_path` is where its successor is served, such as `/api/v2`; empty when nobody knows.
    """
    if not lifecycle.is_deprecated:
        return None
    said = {
        "version": version,
        "sunset_date": lifecycle.sunset_on,
        "migration_guide": lifecycle.migration_guide,
        "message": lifecycle.message,
    }
    meta = {name: text for name, text in said.items() if text}
    return Deprecation(version, meta, _headers(lifecycle, successor_path), _end(lifecycle), lifecycle)


def _end(lifecycle: Lifecycle) -> float:
    if lifecycle.is_over:
        return -inf
    return start_of(lifecycle.sunset_on) if lifecycle.sunset_on else inf


def _headers(lifecycle: Lifecycle, successor_path: str) -> Headers:
    headers = [(b"deprecation", b"@%d" % start_of(lifecycle.deprecated_on))]
    if lifecycle.sunset_on:
        headers.append((b"sunset", formatdate(start_of(lifecycle.sunset_on), usegmt=True).encode()))
    targets = {"successor-version": successor_path, "deprecation": lifecycle.migration_guide}
    links = [f'<{quote(url, safe=_OF_URLS)}>; rel="{relation}"' for relation, url in targets.items() if url]
    if links:
        headers.append((b"link", ", ".join(links).encode()))
    return headers
