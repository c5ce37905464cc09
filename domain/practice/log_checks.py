"""Comparing the logs of replies that have ended with what the database has of them."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from domain.practice.chat import Author
from domain.practice.ending import FailureReason, last_event
from domain.practice.inspection import History, LogFault, Logs, ReplyLog
from domain.practice.model import Generation
from domain.practice.problems import DropLog, Problem
from domain.practice.recovery import said

WRITTEN_WITHIN = timedelta(seconds=10)
"""After the end is committed: the log's last event is written then, and the log may be slow to answer."""


def check_logs(history: History, logs: Logs) -> Iterator[Problem]:
    """Yield the logs that tell their readers something else than the database does."""
    made = {turn.generation_id: turn.id for turn in history.turns if turn.author is Author.PARTNER}
    for generation in history.generations:
        log = logs.get(generation.id)
        if log is None or not _is_settled(generation, history):
            continue
        wrong = _contradiction(generation, made.get(generation.id), log)
        if wrong:
            yield Problem(f"generation {generation.id}", wrong, DropLog(generation.id))


def _is_settled(generation: Generation, history: History) -> bool:
    return generation.ended_at is not None and generation.ended_at + WRITTEN_WITHIN < history.seen_at


def _contradiction(generation: Generation, turn_id: UUID | None, log: ReplyLog) -> str:
    if log.fault is LogFault.BROKEN:
        return "has a log that cannot be read"
    if not log.entries:
        return ""
    last = log.entries[-1]
    if not last.is_last:
        return "has ended, and its log has no last event"
    reason = FailureReason.__members__.get(generation.failure_reason or "")
    if last.event != last_event(generation.status, turn_id, generation.finish_reason, reason):
        return "ended otherwise than its log says"
    if said(log.entries) != generation.partial_text:
        return "has said something else than its log has"
    return ""
