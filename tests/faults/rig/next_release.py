"""`python -m tests.faults.rig.next_release COMMAND…`: `fluentpro` as a next release could be.

It knows `conversation.turn_added` in schema 2, which says on what device something was said, and reads schema 1 too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar

from domain.audit import registry
from domain.practice.events import TurnAdded
from domain.shared.events import Upcaster


def _with_device(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "device": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOnDevice(TurnAdded):
    """The event in schema 2."""

    schema_version: ClassVar[int] = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = MappingProxyType({1: _with_device})

    device: str


def on_device(turn: TurnAdded) -> TurnOnDevice:
    """Return a turn as the next release records it."""
    return TurnOnDevice(**{each.name: getattr(turn, each.name) for each in fields(turn)}, device="phone")


def _main() -> None:
    # Before anything else is imported: many import the mapping by its name.
    registry.EVENT_TYPES = MappingProxyType({**registry.EVENT_TYPES, TurnAdded.type: TurnOnDevice})
    from server.cli import main

    main()


if __name__ == "__main__":
    _main()
