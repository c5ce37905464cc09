"""Comparing the replies of a conversation with their turns and their events."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from domain.practice.chat import Author
from domain.practice.events import GenerationEnded
from domain.practice.inspection import History
from domain.practice.model import Generation, GenerationStatus, Turn
from domain.practice.problems import EndReply, Problem, SetActive

SWEPT_WITHIN = timedelta(seconds=20)
"""After its lease is over: four sweeps. By then a sweeper has taken care of a reply, where one runs."""


def check_replies(history: History) -> Iterator[Problem]:
    """Yield what is wrong with the replies, and with what the conversation and its turns say of them."""
    yield from _active(history)
    ends = _recorded_ends(history)
    made = {turn.generation_id: turn for turn in history.turns if turn.author is Author.PARTNER}
    for generation in history.generations:
        if generation.has_ended:
            yield from _ended(generation, made.get(generation.id), ends.get(generation.id))
        else:
            yield from _under_way(generation, made.get(generation.id), ends.get(generation.id), history)
    yield from _references(history)


def _active(history: History) -> Iterator[Problem]:
    """Yield what is wrong with the reply that the conversation names: the one under way, and no other."""
    under_way = next((each.id for each in history.generations if not each.has_ended), None)
    named = history.conversation.active_generation_id
    if named == under_way:
        return
    said = "names no reply as under way" if named is None else f"names generation {named} as under way"
    so = "none is" if under_way is None else f"generation {under_way} is"
    yield Problem("conversation", f"{said}, and {so}", SetActive(under_way))


def _recorded_ends(history: History) -> dict[UUID, GenerationEnded]:
    events = (recorded.event for recorded in history.events if isinstance(recorded.event, GenerationEnded))
    return {event.generation_id: event for event in events}


def _under_way(
    generation: Generation, turn: Turn | None, end: GenerationEnded | None, history: History
) -> Iterator[Problem]:
    place = f"generation {generation.id}"
    if turn is not None or end is not None:
        yield Problem(place, f"is {generation.status}, and {'a turn' if turn else 'an event'} says that it has ended")
    elif generation.lease_until + SWEPT_WITHIN < history.seen_at:
        lapsed = int((history.seen_at - generation.lease_until).total_seconds())
        yield Problem(place, f"is {generation.status}, and its lease lapsed {lapsed} s ago", EndReply(generation.id))


def _ended(generation: Generation, turn: Turn | None, end: GenerationEnded | None) -> Iterator[Problem]:
    place = f"generation {generation.id}"
    if end is None:
        yield Problem(place, "has ended, and no event says so")
    elif end.characters != len(generation.partial_text) or end.type != f"generation.{generation.status}":
        yield Problem(place, "ended otherwise than its event says")
    speaks = bool(generation.partial_text.strip())
    if speaks and turn is None:
        yield Problem(place, "has said something, and has no turn")
    if turn is not None and turn.text != generation.partial_text:
        yield Problem(place, f"has said something else than turn {turn.position}")
    if turn is not None and turn.partial is (generation.status is GenerationStatus.COMPLETED):
        yield Problem(place, f"is {generation.status}, and turn {turn.position} is not")


def _references(history: History) -> Iterator[Problem]:
    """Yield the turns and replies that name what is not there."""
    generations = {generation.id: generation for generation in history.generations}
    turns = {turn.id for turn in history.turns}
    for turn in history.turns:
        generation = generations.get(turn.generation_id) if turn.generation_id else None
        if turn.generation_id is not None and generation is None:
            yield Problem(f"turn {turn.position}", f"names generation {turn.generation_id}, which is not there")
        elif generation is not None and turn.author is Author.LEARNER and generation.turn_id != turn.id:
            yield Problem(f"turn {turn.position}", f"names generation {generation.id}, which answers another turn")
    for generation in history.generations:
        if generation.turn_id not in turns:
            yield Problem(f"generation {generation.id}", "answers a turn that is not in its conversation")
