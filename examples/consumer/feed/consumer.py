"""The loop: read, handle, acknowledge; again after whatever went wrong."""

import logging
import sqlite3
import threading
import time

from redis.exceptions import RedisError

from feed.group import Entry, Group
from feed.inbox import Inbox

log = logging.getLogger("feed")

LONGEST_PAUSE_SECONDS = 5.0
CLAIM_EVERY_SECONDS = 5.0


class Consumer:
    """Reads a group until it is told to stop."""

    def __init__(self, group: Group, inbox: Inbox) -> None:
        self._group = group
        self._inbox = inbox
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Have `run` return once the entries in hand are handled."""
        self._stopping.set()

    def run(self) -> None:
        """Consume until `stop`. An engine that is away is asked again, at ever longer intervals."""
        pause = 0.1
        while not self._stopping.is_set():
            try:
                self._begin()
                pause = 0.1
                self._go_on()
            except (RedisError, sqlite3.OperationalError) as error:  # a group that is gone is made anew, too
                log.warning("%s: %s; again in %.1f s", type(error).__name__, error, pause)
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _begin(self) -> None:
        self._group.make()
        while entries := self._group.unfinished():
            self._handle(entries)
        log.info("consuming")

    def _go_on(self) -> None:
        claim_at = time.monotonic()
        while not self._stopping.is_set():
            self._handle(self._group.new())
            if time.monotonic() >= claim_at:
                claim_at = time.monotonic() + CLAIM_EVERY_SECONDS
                self._handle(self._group.abandoned())
                self._inbox.pass_gaps()

    def _handle(self, entries: list[Entry]) -> None:
        """Commit the effects, and only then acknowledge: a death in between delivers the entries again."""
        if not entries:
            return
        self._inbox.receive(entry.fields for entry in entries if entry.fields)
        self._group.done(entries)
