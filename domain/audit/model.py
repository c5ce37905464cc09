"""Events as the store keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event in the store.

    `version` counts the events of its stream from 1, `position` those of the store: it rises with each, with gaps.
    `data` is what the event's `to_dict` gave, with an object in place of every personal value: `{"enc": "…"}`. `meta`
    has `correlation_id`, `causation_id` and `actor`.
    """

    position: int
    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    data: Mapping[str, Any]
    meta: Mapping[str, Any]
    occurred_at: datetime
    previous_hash: bytes
    hash: bytes

    @property
    def actor(self) -> str:
        """Who or what did it: `user:<id>`, `system:<part>` or `anonymous`."""
        return str(self.meta.get("actor", ""))
