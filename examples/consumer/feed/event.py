"""One event, read from an entry of a stream."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast


class Unreadable(Exception):
    """An entry that nothing can be made of, however often it is read."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `version` counts the events of `stream_id`, its aggregate, from 1."""

    stream_id: str
    version: int
    type: str
    schema_version: int
    occurred_at: str
    data: Mapping[str, Any]

    @classmethod
    def read(cls, entry: Mapping[str, str]) -> Self:
        """Return the event of an entry; what else the entry has is passed over. Raises Unreadable."""
        try:
            data = _object("{}" if entry.get("data_omitted") else entry["data"])
            return cls(
                stream_id=entry["stream_id"],
                version=_count(entry["version"]),
                type=entry["type"],
                schema_version=_count(entry["schema_version"]),
                occurred_at=entry["occurred_at"],
                data=data,
            )
        except (KeyError, ValueError) as error:
            raise Unreadable(f"{type(error).__name__}: {error}") from error


def _count(text: str) -> int:
    value = int(text)
    if not 0 < value < 2**63:
        raise ValueError(f"{value} counts nothing")
    return value


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("the data is no JSON object")  # noqa: TRY004 - the same to the reader as any other bad JSON
    return cast("dict[str, Any]", value)
