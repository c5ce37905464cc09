"""Comparing the turns of a conversation with their events."""

from collections.abc import Iterator
from uuid import UUID

from domain.practice.chat import Author
from domain.practice.events import GenerationEnded, TurnAdded, TurnReplaced
from domain.practice.inspection import History, RecordedEvent
from domain.practice.model import Turn
from domain.practice.problems import Problem, RestoreTurn


def check_turns(history: History) -> Iterator[Problem]:
    """Yield what is wrong between turns and events: each has the other, and they say the same."""
    rows = {turn.id: turn for turn in history.turns}
    events = {turn.turn_id: turn for turn in recorded_turns(history)}
    for turn in history.turns:
        event = events.get(turn.id)
        yield from [Problem(f"turn {turn.position}", "has no event")] if event is None else _compared(turn, event)
    yield from _replaced(history)
    for recorded in history.events:
        if isinstance(recorded.event, TurnAdded) and recorded.event.turn_id not in rows:
            yield _missing(history, recorded, recorded.event)
    if not any(recorded.type == "conversation.started" for recorded in history.events):
        yield Problem("conversation", "has no event that began it")


def recorded_turns(history: History) -> list[TurnAdded]:
    """Return the events that say what was said."""
    return [recorded.event for recorded in history.events if isinstance(recorded.event, TurnAdded)]


def _replaced(history: History) -> Iterator[Problem]:
    replaced = _replaced_ids(history)
    for turn in history.turns:
        if turn.replaced and turn.id not in replaced:
            yield Problem(f"turn {turn.position}", "is replaced, and no event says so")
        if not turn.replaced and turn.id in replaced:
            yield Problem(f"turn {turn.position}", "is not replaced, and an event says so")


def _replaced_ids(history: History) -> set[UUID]:
    events = (recorded.event for recorded in history.events if isinstance(recorded.event, TurnReplaced))
    return {turn_id for event in events for turn_id in event.turn_ids}


def _compared(turn: Turn, event: TurnAdded) -> Iterator[Problem]:
    place = f"turn {turn.position}"
    if turn.position != event.position:
        yield Problem(place, f"is turn {event.position} in its event")
    if turn.author is not event.author:
        yield Problem(place, f"is the {turn.author}'s, and the {event.author}'s in its event")
    if turn.partial is not event.partial:
        yield Problem(place, "is partial" if turn.partial else "is whole, and partial in its event")
    # Of a person who was erased the event has the number of words alone.
    if event.text is not None and turn.text != event.text:
        yield Problem(place, "has another text than its event")
    elif len(turn.text.split()) != event.words:
        yield Problem(place, f"has {len(turn.text.split())} words, and {event.words} in its event")


def _missing(history: History, recorded: RecordedEvent, event: TurnAdded) -> Problem:
    place = f"turn {event.position}"
    if event.text is None:
        return Problem(place, "is missing, and its event cannot be opened")
    taken = any(turn.position == event.position for turn in history.turns)
    if taken:
        return Problem(place, "is another one than an event has there")
    return Problem(place, "is missing, and its event has it", RestoreTurn(_restored(history, recorded, event)))


def _restored(history: History, recorded: RecordedEvent, event: TurnAdded) -> Turn:
    """Return the turn as its event has it.

    It counts as brought by the version that mends the conversation, so that who watches is told of it.
    """
    return Turn(
        id=event.turn_id,
        conversation_id=event.conversation_id,
        position=event.position,
        author=event.author,
        text=event.text or "",
        partial=event.partial,
        client_message_id=None,
        generation_id=_generation_of(history, event),
        created_at=recorded.occurred_at,
        version=history.conversation.version + 1,
        replaced=event.turn_id in _replaced_ids(history),
    )


def _generation_of(history: History, event: TurnAdded) -> UUID | None:
    if event.author is Author.LEARNER:
        # The first one: those that the learner asked for anew come after it.
        return next((each.id for each in history.generations if each.turn_id == event.turn_id), None)
    ends = (recorded.event for recorded in history.events if isinstance(recorded.event, GenerationEnded))
    return next((end.generation_id for end in ends if end.turn_id == event.turn_id), None)
