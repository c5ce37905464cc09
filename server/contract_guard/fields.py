"""Changes of what is said about fields beyond their type: their behaviour, and whether they are secret."""

from collections.abc import Iterator
from typing import Any

from server.contract_guard.finding import Finding, package_of

# A request without the field was good (REQUIRED); what was sent or shown no longer is (the others).
_NARROWS = frozenset(["REQUIRED", "INPUT_ONLY", "OUTPUT_ONLY", "IMMUTABLE"])
# Who sends back what was read would begin to write it; what was never shown would be.
_PROTECTS = frozenset(["INPUT_ONLY", "OUTPUT_ONLY"])


def compare_fields(baseline: dict[str, Any], now: dict[str, Any]) -> Iterator[Finding]:
    """Yield what breaks between two `messages` of the document; what is gone is seen in the image."""
    for message, old in baseline.items():
        for field, marks in now.get(message, {}).items():
            changes = _changes(old[field], marks) if field in old else _addition(marks)
            yield from (Finding(package_of(message), f"{message}.{field}", what) for what in changes)


def _addition(marks: dict[str, Any]) -> Iterator[str]:
    if "REQUIRED" in marks.get("behaviour", ()):
        yield "is new and REQUIRED: requests that were good are refused"


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    before, after = set(old.get("behaviour", ())), set(new.get("behaviour", ()))
    yield from (f"is {name} now" for name in sorted((after - before) & _NARROWS))
    yield from (f"is no longer {name}" for name in sorted((before - after) & _PROTECTS))
    if old.get("redacted") and not new.get("redacted"):
        yield "is no longer redacted: a secret would stand in logs"
    if old.get("cursor") and not new.get("cursor"):
        yield "is no longer the cursor: a stream that broke off cannot be resumed"
