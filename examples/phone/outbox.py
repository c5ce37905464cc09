"""What the learner wants and the server has not confirmed, on disk, in order."""

import sqlite3
from dataclasses import astuple, dataclass, field
from pathlib import Path
from uuid import uuid4

_TABLE = """
CREATE TABLE IF NOT EXISTS wish (
  place INTEGER PRIMARY KEY,
  conversation_id TEXT NOT NULL, text TEXT NOT NULL, turn_id TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to say, or a message to have answered anew."""

    conversation_id: str
    text: str = ""
    """What to say. Empty: have `turn_id` answered anew."""
    turn_id: str = ""
    message_id: str = field(default_factory=lambda: uuid4().hex)
    """The `client_message_id`, chosen once: sent any number of times, it is carried out once."""


class Outbox:
    """Wishes survive the process. Each is put in before it is sent, and taken out when its reply has an event."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)  # each statement is a transaction of its own
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(_TABLE)

    def put(self, wish: Wish) -> None:
        """Keep a wish. When this returns it is on the disk."""
        self._database.execute(
            "INSERT INTO wish (conversation_id, text, turn_id, message_id) VALUES (?, ?, ?, ?)", astuple(wish)
        )

    def first(self) -> Wish | None:
        """Return the oldest wish; None when there is none."""
        return next(iter(self.all()), None)

    def all(self) -> list[Wish]:
        """Return every wish, the oldest first."""
        rows = self._database.execute("SELECT conversation_id, text, turn_id, message_id FROM wish ORDER BY place")
        return [Wish(*row) for row in rows]

    def remove(self, message_id: str) -> None:
        """Forget a wish that the server has. One that is not there is passed over."""
        self._database.execute("DELETE FROM wish WHERE message_id = ?", (message_id,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
