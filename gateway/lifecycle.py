"""The life of an API version, as its package says it with the option `api_version`: new, current, on its way out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

_CURRENT = frozenset(["STABLE", "BETA"])
_ENDING = frozenset(["DEPRECATED", "SUNSET"])
_DAYS = ("deprecated_on", "sunset_on")
_TEXTS = (*_DAYS, "successor", "migration_guide", "message")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """One version's life; texts are empty where the option says nothing."""

    stage: str = ""
    """Such as `BETA`."""
    deprecated_on: str = ""
    """The day, YYYY-MM-DD in UTC."""
    sunset_on: str = ""
    """The first day without service, YYYY-MM-DD in UTC."""
    successor: str = ""
    """The package that takes its place."""
    migration_guide: str = ""
    message: str = ""
    """One sentence for who still calls it."""

    @property
    def is_current(self) -> bool:
        """Whether it is what new clients should use."""
        return self.stage in _CURRENT

    @property
    def is_deprecated(self) -> bool:
        """Whether clients should leave it."""
        return self.stage in _ENDING

    @property
    def is_over(self) -> bool:
        """Whether it answers no more, whatever the day."""
        return self.stage == "SUNSET"

    @property
    def notice(self) -> str:
        """What readers of a deprecated version should know, as Markdown; empty for others."""
        if not self.is_deprecated:
            return ""
        since = f" since {self.deprecated_on}" if self.deprecated_on else ""
        until = f" It answers until {self.sunset_on}." if self.sunset_on else ""
        successor = f" Use `{self.successor}` in its place." if self.successor else ""
        guide = f" [How to move]({self.migration_guide})." if self.migration_guide else ""
        return f"**Deprecated{since}.**{until}{successor}{guide} {self.message}".strip()

    def problems(self) -> Iterator[str]:
        """Yield what contradicts itself: such a version is refused at start-up."""
        days = {name: getattr(self, name) for name in _DAYS if getattr(self, name)}
        wrong = [name for name, text in days.items() if not _is_day(text)]
        yield from (f"{name} is no date: {days[name]!r}" for name in wrong)
        if not wrong and len(days) == len(_DAYS) and self.sunset_on <= self.deprecated_on:
            yield f"it is sunset on {self.sunset_on}, not after {self.deprecated_on}, its deprecation"
        if self.sunset_on and not self.deprecated_on:
            yield "it has a sunset_on and no deprecated_on"
        yield from self._contradictions()

    def _contradictions(self) -> Iterator[str]:
        """Yield where stage and dates say two things."""
        if self.stage == "DEPRECATED" and not (self.deprecated_on or self.sunset_on):
            yield "it is deprecated and has no deprecated_on"
        if self.is_over and not self.sunset_on:
            yield "its lifecycle is SUNSET and it has no sunset_on"
        if self.stage and not self.is_deprecated and self.deprecated_on:
            yield f"it has a deprecated_on and its lifecycle is {self.stage}"


def read_lifecycle(option: Any) -> Lifecycle:
    """Return what an `api_version` says; an image may have an older one with fewer fields."""
    known = option.DESCRIPTOR.fields_by_name
    texts = {name: getattr(option, name) for name in _TEXTS if name in known}
    stage = ""
    if "lifecycle" in known:
        value = known["lifecycle"].enum_type.values_by_number.get(option.lifecycle)
        stage = value.name.removeprefix("LIFECYCLE_") if value is not None and value.number else ""
    return Lifecycle(stage, **texts)


def start_of(day: str) -> int:
    """Return when a day, YYYY-MM-DD, begins in UTC: seconds since the epoch."""
    return int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp())


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
