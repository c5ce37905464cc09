"""Timestamp and Duration as text, to the nanosecond.

The ranges are those of google/protobuf/timestamp.proto and duration.proto.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.codec.fault import EncodeError, Fault

_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_DURATION = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = -62_135_596_800  # 0001-01-01T00:00:00Z
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
_MAX_DURATION = 315_576_000_000  # seconds: 10,000 years
_NANOS = 1_000_000_000
_DAY = 86_400  # seconds


def parse_timestamp(text: str) -> tuple[int, int]:
    """Return seconds and nanos of an RFC 3339 instant; Fault when it is none."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise Fault("a time such as 2026-01-02T03:04:05Z is expected")
    moment, fraction, sign, hours, minutes = found.groups()
    try:
        naive = datetime.fromisoformat(moment)
    except ValueError as error:
        raise Fault(f"no such time: {error}") from None
    seconds = _whole_seconds(naive.replace(tzinfo=UTC) - _EPOCH)
    if sign:
        seconds -= _offset(sign, int(hours), int(minutes))
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise Fault("the time is out of range")
    return seconds, _nanos(fraction)


def format_timestamp(seconds: int, nanos: int) -> str:
    """Return an instant in UTC with 0, 3, 6 or 9 digits; EncodeError when it is out of range."""
    if not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < _NANOS):
        raise EncodeError("a Timestamp is out of range")
    day, second = divmod(seconds, _DAY)
    minute, second = divmod(second, 60)
    return f"{_date(day)}T{minute // 60:02d}:{minute % 60:02d}:{second:02d}{_fraction(nanos)}Z"


def parse_duration(text: str) -> tuple[int, int]:
    """Return seconds and nanos, of one sign, of text such as `-1.5s`; Fault when it is none."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Fault("a duration such as 1.5s is expected")
    sign, whole, fraction = found.groups()
    seconds, nanos = int(whole), _nanos(fraction)
    if seconds > _MAX_DURATION or (seconds == _MAX_DURATION and nanos):
        raise Fault("the duration is out of range")
    return (-seconds, -nanos) if sign else (seconds, nanos)


def format_duration(seconds: int, nanos: int) -> str:
    """Return a duration with 0, 3, 6 or 9 digits; EncodeError when it is out of range or of two signs."""
    if abs(seconds) > _MAX_DURATION or abs(nanos) >= _NANOS or seconds * nanos < 0:
        raise EncodeError("a Duration is out of range")
    sign = "-" if seconds < 0 or nanos < 0 else ""
    return f"{sign}{abs(seconds)}{_fraction(abs(nanos))}s"


@lru_cache(maxsize=4096)  # eleven years of days: a service's times lie close together
def _date(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def _whole_seconds(span: timedelta) -> int:
    return span.days * _DAY + span.seconds


def _offset(sign: str, hours: int, minutes: int) -> int:
    if hours > 23 or minutes > 59:
        raise Fault("no such offset from UTC")
    seconds = hours * 3600 + minutes * 60
    return -seconds if sign == "-" else seconds


def _nanos(fraction: str | None) -> int:
    return int(fraction.ljust(9, "0")) if fraction else 0


def _fraction(nanos: int) -> str:
    if not nanos:
        return ""
    digits = f"{nanos:09d}"
    if digits.endswith("000000"):
        return f".{digits[:3]}"
    return f".{digits[:6]}" if digits.endswith("000") else f".{digits}"
