"""What this consumer makes of events: how much each learner has said in each talk. Put your own in its place."""

import sqlite3

from feed.event import Event

TABLES = """
CREATE TABLE IF NOT EXISTS talk (
    conversation_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, scenario_id TEXT NOT NULL, has_ended INTEGER NOT NULL,
    learner_turns INTEGER NOT NULL, learner_words INTEGER NOT NULL
);
"""


def _began(database: sqlite3.Connection, event: Event) -> None:
    data = event.data
    row = (data["conversation_id"], data["user_id"], data["scenario_id"])
    database.execute("INSERT INTO talk VALUES (?, ?, ?, 0, 0, 0)", row)


def _said(database: sqlite3.Connection, event: Event) -> None:
    """Add to sums: done twice, or before the talk began or after it ended, it would show."""
    data = event.data
    if data["author"] != "learner":
        return
    database.execute(
        "UPDATE talk SET learner_turns = learner_turns + 1, learner_words = learner_words + ?"
        " WHERE conversation_id = ? AND NOT has_ended",
        (data["words"], data["conversation_id"]),
    )


def _ended(database: sqlite3.Connection, event: Event) -> None:
    database.execute("UPDATE talk SET has_ended = 1 WHERE conversation_id = ?", (event.data["conversation_id"],))


EFFECTS = {"conversation.started": _began, "conversation.turn_added": _said, "conversation.ended": _ended}
"""The effect of each type; all other types are passed over."""
