"""Changes of an API version as a whole: how its JSON looks, where its paths begin, and how long it lives."""

from collections.abc import Iterator
from typing import Any

from server.contract_guard.finding import Finding

_LIVES = ("LIFECYCLE_DEVELOPMENT", "LIFECYCLE_BETA", "LIFECYCLE_STABLE", "LIFECYCLE_DEPRECATED", "LIFECYCLE_SUNSET")
KEPT = frozenset(_LIVES[2:])
"""The lifecycles in which every change stays compatible."""

_LOOKS = ("base_path", "envelope", "json_names")
_PROMISES = {
    "trailing_slash": "a path with a slash at its end is no longer served",
    "print_defaults": "fields that hold their default are no longer in answers",
    "ignore_unknown_fields": "unknown fields of a body are refused now",
}


def compare_versions(baseline: dict[str, Any], now: dict[str, Any]) -> Iterator[Finding]:
    """Yield what breaks between two `api_versions` of the document."""
    for package, old in baseline.items():
        new = now.get(package)
        if new is None:
            yield Finding(package, "api_version", "the whole version is gone")
            continue
        for where, what in (*_looks(old, new), *_life(old, new)):
            yield Finding(package, where, what)


def _looks(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _LOOKS:
        if old.get(name) != new.get(name):
            yield f"api_version.{name}", f"changed from {old.get(name, 'unset')} to {new.get(name, 'unset')}"
    for name, broken in _PROMISES.items():
        if old.get(name) and not new.get(name):
            yield f"api_version.{name}", f"taken away: {broken}"


def _life(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str]]:
    before, after = old.get("lifecycle", ""), new.get("lifecycle", "")
    if before in KEPT and after not in KEPT:
        yield "api_version.lifecycle", f"changed from {before} to {after or 'unset'}: a promise cannot be taken back"
    if after == _LIVES[-1] and before != after:
        yield "api_version.lifecycle", f"changed from {before} to {after}: it answers no more"
    earlier, later = new.get("sunset_on", ""), old.get("sunset_on", "")
    if earlier and later and earlier < later:  # ISO dates compare as text
        yield "api_version.sunset_on", f"moved earlier, from {later} to {earlier}"
