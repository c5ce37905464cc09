"""What a handler's changes are made from."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from fakes.handlers import Recorder
from fakes.master_keys import MASTER_KEYS

from adapters.sql.handling import MOST_OCTETS, Loaded
from domain.audit.errors import EventTooLarge
from domain.audit.model import StoredEvent
from domain.practice.chat import Author
from domain.practice.events import TurnAdded
from domain.shared.origin import UNKNOWN, Origin, current_origin
from workers.effect import Effect
from workers.handler import Occurrence


def said(stream: str, version: int, words: int = 1, octets: int = 300) -> Loaded:
    conversation_id = uuid4()
    event = TurnAdded(
        conversation_id=conversation_id,
        user_id=uuid4(),
        turn_id=uuid4(),
        position=version,
        author=Author.LEARNER,
        partial=False,
        words=words,
        text=None,
    )
    meta = {"correlation_id": "request-1", "causation_id": None, "actor": "user:1"}
    data = event.to_dict() | {"text": {"enc": "c2VhbGVk"}}
    then = datetime(2026, 3, 1, tzinfo=UTC)
    return Loaded(StoredEvent(version, stream, version, uuid4(), event.type, 1, data, meta, then, b"", b""), octets)


class Watching(Recorder):
    """Remembers what it sees."""

    def change(self, occurrence: Occurrence) -> Any:
        self.seen = (occurrence.data["text"], current_origin.get())
        return super().change(occurrence)


async def test_a_stream_is_planned_up_to_its_first_failure_and_the_others_whole():
    events = [said("a", 1), said("a", 2, words=7), said("a", 3), said("b", 1), said("b", 2)]
    plan = await Effect(Recorder(poison={7}), MASTER_KEYS).plan(None, events)  # type: ignore[arg-type] # not used
    assert plan.versions == {"a": 1, "b": 2}
    assert len(plan.changes) == plan.events == 3
    assert isinstance(plan.failed["a"], ValueError)
    assert plan.failed.keys() == {"a"}


async def test_a_handler_sees_nothing_personal_and_where_the_event_comes_from():
    handler = Watching()
    loaded = said("a", 1)
    await Effect(handler, MASTER_KEYS).plan(None, [loaded])  # type: ignore[arg-type] # not used
    origin = Origin("request-1", "system:recorder", str(loaded.event.event_id))
    assert handler.seen == (None, origin)
    assert current_origin.get() is UNKNOWN


@pytest.mark.parametrize(("octets", "too_large"), [(MOST_OCTETS, False), (MOST_OCTETS + 1, True)])
async def test_an_event_may_be_as_large_as_the_limit(octets, too_large):
    plan = await Effect(Recorder(), MASTER_KEYS).plan(None, [said("a", 1, octets=octets)])  # type: ignore[arg-type]
    assert isinstance(plan.failed.get("a"), EventTooLarge) is too_large
