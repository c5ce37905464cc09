"""Timestamp and Duration as text, to the nanosecond.

The ranges are those of google/protobuf/timestamp.proto and duration.proto.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from gateway.codec.fault import EncodeError, Fault

_TIMESTAMP = re.compile(r"....-..-..T(?:[01].|2[0-3]):..:..(?:\.[0-9]{1,6}([0-9]{0,3}))?(?:Z|[+-]..:..)")
"""The shape alone (and no 24:00, which later Pythons take): `datetime` sees to the digits."""
_DURATION = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_FIRST_SECOND = -62_135_596_800  # 0001-01-01T00:00:00Z
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z
_MINUTES = [f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440)]
_SECONDS = [f"{second:02d}" for second in range(60)]
_THREE = [f"{number:03d}" for number in range(1000)]
_MAX_DURATION = 315_576_000_000  # seconds: 10,000 years
_NANOS = 1_000_000_000
_DAY = 86_400  # seconds


def parse_timestamp(text: Any) -> tuple[int, int]:
    """Return seconds and nanos of an RFC 3339 instant; Fault when it is none."""
    found = _TIMESTAMP.fullmatch(text) if type(text) is str else None
    if found is None:
        raise Fault("a time such as 2026-01-02T03:04:05Z is expected")
    try:
        span = datetime.fromisoformat(text) - _EPOCH
    except ValueError as error:
        raise Fault(f"no such time: {error}") from None
    seconds = span.days * _DAY + span.seconds
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise Fault("the time is out of range")
    finer = found[1]  # than the microseconds that `datetime` has
    return seconds, span.microseconds * 1000 + (int(finer.ljust(3, "0")) if finer else 0)


def format_timestamp(seconds: int, nanos: int) -> str:
    """Return an instant in UTC with 0, 3, 6 or 9 digits; EncodeError when it is out of range."""
    if not (_FIRST_SECOND <= seconds <= _LAST_SECOND and 0 <= nanos < _NANOS):
        raise EncodeError("a Timestamp is out of range")
    day, second = divmod(seconds, _DAY)
    minute, second = divmod(second, 60)
    fraction = _fraction(nanos) if nanos else ""
    return f"{_date(day)}{_MINUTES[minute]}{_SECONDS[second]}{fraction}Z"


def parse_duration(text: Any) -> tuple[int, int]:
    """Return seconds and nanos, of one sign, of text such as `-1.5s`; Fault when it is none."""
    found = _DURATION.fullmatch(text) if type(text) is str else None
    if found is None:
        raise Fault("a duration such as 1.5s is expected")
    sign, whole, fraction = found.groups()
    seconds, nanos = int(whole), int(fraction.ljust(9, "0")) if fraction else 0
    if seconds > _MAX_DURATION:
        raise Fault("the duration is out of range")
    return (-seconds, -nanos) if sign else (seconds, nanos)


def format_duration(seconds: int, nanos: int) -> str:
    """Return a duration with 0, 3, 6 or 9 digits; EncodeError when it is out of range or of two signs."""
    if abs(seconds) > _MAX_DURATION or abs(nanos) >= _NANOS or seconds * nanos < 0:
        raise EncodeError("a Duration is out of range")
    sign = "-" if seconds < 0 or nanos < 0 else ""
    fraction = _fraction(abs(nanos)) if nanos else ""
    return f"{sign}{abs(seconds)}{fraction}s"


@lru_cache(maxsize=4096)  # eleven years of days: a service's times lie close together
def _date(day: int) -> str:
    return date.fromordinal(_EPOCH_DAY + day).isoformat()


def _fraction(nanos: int) -> str:
    micros, rest = divmod(nanos, 1000)
    millis, micros = divmod(micros, 1000)
    if rest:
        return f".{_THREE[millis]}{_THREE[micros]}{_THREE[rest]}"
    return f".{_THREE[millis]}{_THREE[micros]}" if micros else f".{_THREE[millis]}"
