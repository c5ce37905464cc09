"""Changes of a method's policy.

`access` may not change at all: narrower, and callers are refused; wider, and what was private is shown, which cannot be
taken back later. `rate_limit` and `spends_tokens` are the operator's business and no promise.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from server.contract_guard.finding import Finding, package_of


def compare_methods(baseline: dict[str, Any], now: dict[str, Any]) -> Iterator[Finding]:
    """Yield what breaks between two `methods` of the document; one that is gone is seen in the image."""
    for rpc, old in baseline.items():
        if rpc in now:
            changes = _changes(old["policy"] or {}, now[rpc]["policy"] or {})
            yield from (Finding(package_of(rpc), f"{rpc}, {option}", what) for option, what in changes)


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str]]:
    before, after = set(old.get("access", ())), set(new.get("access", ()))
    if before != after:
        yield "access", f"changed from {_listed(before)} to {_listed(after)}"
    statuses = old.get("http_status", 200), new.get("http_status", 200)
    if statuses[0] != statuses[1]:
        yield "http_status", f"changed from {statuses[0]} to {statuses[1]}"
    if old.get("idempotent") and not new.get("idempotent"):
        yield "idempotent", "taken away: a repeated call acts a second time"
    if lost := set(old.get("reasons", ())) - set(new.get("reasons", ())):
        yield "reasons", f"{_listed(lost)} is no longer given to those who wait for it"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
