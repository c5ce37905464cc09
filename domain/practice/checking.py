"""Comparing a stored conversation with its events, with its replies' logs and with itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, pairwise
from operator import attrgetter
from typing import Any

from domain.practice.events import ConversationCompleted, ConversationPaused, ConversationResumed, ConversationStarted
from domain.practice.inspection import History, Logs
from domain.practice.log_checks import check_logs
from domain.practice.model import ConversationStatus, Turn
from domain.practice.problems import CountTurns, Problem, RaiseVersion, RestoreTurn
from domain.practice.reply_checks import check_replies
from domain.practice.turn_checks import check_turns, recorded_turns

_MOST_NAMED = 20
"""Missing turns that are named in one gap: a forged position can leave a gap of two thousand million."""

_LEADS_TO: Mapping[type[Any], ConversationStatus] = {
    ConversationStarted: ConversationStatus.ACTIVE,
    ConversationPaused: ConversationStatus.PAUSED,
    ConversationResumed: ConversationStatus.ACTIVE,
    ConversationCompleted: ConversationStatus.COMPLETED,
}


def find_problems(history: History, logs: Logs) -> tuple[Problem, ...]:
    """Return everything that contradicts something else, each at its place; empty: nothing does."""
    of_turns = tuple(check_turns(history))
    # A missing turn that comes back is one problem, and not one of each thing that refers to it.
    mended = _with(history, [found.repair.turn for found in of_turns if isinstance(found.repair, RestoreTurn)])
    return (
        *_unreadable(history),
        *of_turns,
        *_counted(mended),
        *check_replies(mended),
        *_versions(history),
        *_status(history),
        *check_logs(mended, logs),
    )


def _with(history: History, restored: Sequence[Turn]) -> History:
    return replace(history, turns=tuple(sorted((*history.turns, *restored), key=attrgetter("position"))))


def _unreadable(history: History) -> Iterator[Problem]:
    for recorded in history.events:
        if recorded.event is None:
            yield Problem(f"event {recorded.stream_id} {recorded.version}", f"{recorded.type} cannot be read")


def _counted(history: History) -> Iterator[Problem]:
    """Yield what is wrong with positions, 1 to n without a gap, and with the conversation's count of them."""
    positions = [turn.position for turn in history.turns]
    recorded = {turn.position for turn in recorded_turns(history)}
    for before, after in pairwise([0, *positions]):
        for position in islice((each for each in range(before + 1, after) if each not in recorded), _MOST_NAMED):
            yield Problem(f"turn {position}", "is missing, and no event has it")
    count = positions[-1] if positions else 0
    if history.conversation.turns != count:
        text = f"counts {history.conversation.turns} turns where there are {count}"
        yield Problem("conversation", text, CountTurns(count))


def _versions(history: History) -> Iterator[Problem]:
    """Yield a version that something in the conversation has, and the conversation has not reached."""
    version = history.conversation.version
    versions = [turn.version for turn in history.turns] + [each.version for each in history.generations]
    highest = max(versions, default=0)
    if version < highest:
        text = f"has version {version}, and something in it came with version {highest}"
        yield Problem("conversation", text, RaiseVersion(highest))


def _status(history: History) -> Iterator[Problem]:
    """Yield a status that its events do not lead to."""
    changes = [_LEADS_TO[type(each.event)] for each in history.events if type(each.event) in _LEADS_TO]
    status = history.conversation.status
    if changes and changes[-1] is not status:
        yield Problem("conversation", f"is {status}, and {changes[-1]} by its events")
