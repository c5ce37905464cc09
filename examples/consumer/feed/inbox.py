"""What turns at-least-once into once and in order: the versions that had their effect, beside the effects."""

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from feed.event import Event, Unreadable

log = logging.getLogger("feed")

Effect = Callable[[sqlite3.Connection, Event], None]
"""Writes what an event means, through the connection it is given and nowhere else; any exception refuses the event."""

_TABLES = """
CREATE TABLE IF NOT EXISTS handled (stream_id TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
    stream_id TEXT, version INTEGER, entry TEXT NOT NULL, arrived_at REAL NOT NULL, PRIMARY KEY (stream_id, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (entry TEXT NOT NULL, reason TEXT NOT NULL, refused_at REAL NOT NULL);
"""
# handled: of each aggregate, all versions up to this one are done. waiting: came before those that precede them.
# refused: could not be read, or the effect raised; for a person to look at.


class Inbox:
    """A SQLite database with the effects and the record of what had one. Its methods raise sqlite3.OperationalError."""

    def __init__(self, path: Path, effects: Mapping[str, Effect], tables: str, gap_seconds: float = 60) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(_TABLES + tables)
        self._effects = effects
        self._gap_seconds = gap_seconds

    def receive(self, entries: Iterable[Mapping[str, str]]) -> None:
        """Give each event its effect, if it has not had it and its predecessors have; all in one transaction."""
        with self._transaction():
            for stream_id in dict.fromkeys(map(self._keep, entries)):
                self._go_on(stream_id)

    def pass_gaps(self) -> None:
        """Go on with aggregates whose next version has not come for `gap_seconds`: the feed no longer has it."""
        stuck = "SELECT stream_id, min(version) FROM waiting GROUP BY stream_id HAVING min(arrived_at) < ?"
        for stream_id, version in self._database.execute(stuck, (time.time() - self._gap_seconds,)).fetchall():
            with self._transaction():
                self._pass(stream_id, version)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _pass(self, stream_id: str, version: int) -> None:
        """Go on with a version, unless another process has done so meanwhile."""
        handled = self._handled(stream_id)
        if handled < version - 1:
            log.warning("%s: versions %d to %d never came", stream_id, handled + 1, version - 1)
            self._move(stream_id, version - 1)
            self._go_on(stream_id)

    def _keep(self, entry: Mapping[str, str]) -> str:
        """Put an event with those that wait, if it has not had its effect; return its stream, empty when unreadable."""
        text = json.dumps(dict(entry))
        try:
            event = Event.read(entry)
        except Unreadable as error:
            self._refuse(text, str(error))
            return ""
        if event.version > self._handled(event.stream_id):
            row = (event.stream_id, event.version, text, time.time())
            self._database.execute("INSERT OR IGNORE INTO waiting VALUES (?, ?, ?, ?)", row)
        return event.stream_id

    def _go_on(self, stream_id: str) -> None:
        """Handle what waits, up to the first version that is missing."""
        version = first = self._handled(stream_id) + 1
        rows = "SELECT version, entry FROM waiting WHERE stream_id = ? ORDER BY version"
        for found, entry in self._database.execute(rows, (stream_id,)).fetchall():
            if found != version:
                break
            self._handle(entry)
            version += 1
        if version > first:
            self._move(stream_id, version - 1)

    def _handle(self, entry: str) -> None:
        event = Event.read(json.loads(entry))
        effect = self._effects.get(event.type)
        if effect is None:
            return
        self._database.execute("SAVEPOINT effect")
        try:
            effect(self._database, event)
        except sqlite3.OperationalError:
            raise  # the database is busy or full: nothing is the event's fault, and all of it is tried again
        except Exception as error:  # noqa: BLE001 - whatever an effect raises, the events after it are handled
            self._database.execute("ROLLBACK TO effect")
            self._refuse(entry, f"{type(error).__name__}: {error}")
        self._database.execute("RELEASE effect")

    def _handled(self, stream_id: str) -> int:
        found = self._database.execute("SELECT version FROM handled WHERE stream_id = ?", (stream_id,)).fetchone()
        return found[0] if found else 0

    def _move(self, stream_id: str, version: int) -> None:
        self._database.execute("INSERT OR REPLACE INTO handled VALUES (?, ?)", (stream_id, version))
        self._database.execute("DELETE FROM waiting WHERE stream_id = ? AND version <= ?", (stream_id, version))

    def _refuse(self, entry: str, reason: str) -> None:
        log.error("an entry is refused: %s", reason)
        self._database.execute("INSERT INTO refused VALUES (?, ?, ?)", (entry, reason, time.time()))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit what is done within, or nothing of it. Another process on the same database waits meanwhile."""
        with closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
