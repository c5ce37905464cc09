"""The events of one attempt on their way into the log: numbered, joined, and sent one entry at a time."""

from dataclasses import dataclass, field

from domain.practice.reply import LogEntry, Position, ReplyEvent, Snapshot, TextDelta

JOINED_CHARACTERS = 64
"""Joined deltas of this length are not held back any longer: about a line of text."""


@dataclass(frozen=True, slots=True)
class Sending:
    """An entry that is sent, again and again if need be, until its fate is known. Its bounds never change.

    `creates`: the entry may create the log; any other is refused where there is none.
    """

    entry: LogEntry
    creates: bool


@dataclass(slots=True)
class _Draft:
    """Events that will be one entry: deltas, which may still be joined by others, or one event of another kind."""

    first: int
    last: int
    event: ReplyEvent
    urgent: bool
    texts: list[str] = field(default_factory=list)
    characters: int = 0

    def join(self, text: str) -> None:
        self.last += 1
        self.texts.append(text)
        self.characters += len(text)
        self.urgent = self.urgent or self.characters >= JOINED_CHARACTERS

    def entry(self, attempt: int) -> LogEntry:
        event = TextDelta("".join(self.texts)) if self.texts else self.event
        return LogEntry(Position(attempt, self.last), self.first, event)


class Pending:
    """A queue that does no input or output.

    Only one entry is under way at a time. So the log never has a hole, and an id refused as too small can only be an
    entry of our own whose answer was lost, or a later attempt's.
    """

    def __init__(self, attempt: int, after: int = 0) -> None:
        self.attempt = attempt
        self.acknowledged = after
        self._taken = after
        self._delta_taken = False
        self._sending: Sending | None = None
        self._drafts: list[_Draft] = []  # hardly ever more than two: a deque begins with room for 64

    @property
    def taken(self) -> int:
        """The highest sequence given so far."""
        return self._taken

    @property
    def unwritten(self) -> list[ReplyEvent]:
        """What is not acknowledged, in order; the entry under way may have landed all the same."""
        under_way = [self._sending.entry.event] if self._sending else []
        return [*under_way, *(draft.event for draft in self._drafts)]

    @property
    def tokens(self) -> int:
        """How many events are not acknowledged."""
        return self._taken - self.acknowledged

    @property
    def characters(self) -> int:
        """The length of the deltas that are not acknowledged."""
        under_way = self._sending.entry.event if self._sending else None
        waiting = sum(draft.characters for draft in self._drafts)
        return waiting + (len(under_way.text) if isinstance(under_way, TextDelta) else 0)

    @property
    def urgent(self) -> bool:
        """Whether the next entry must not wait for the tick."""
        return self._sending is not None or len(self._drafts) > 1 or any(draft.urgent for draft in self._drafts)

    def take(self, event: ReplyEvent) -> None:
        """Queue an event; a delta joins those that wait. UnicodeEncodeError: a text has lone surrogates."""
        if isinstance(event, TextDelta):
            self._take_delta(event)
            return
        self._taken += 1
        self._drafts.append(_Draft(self._taken, self._taken, event, urgent=True))

    def _take_delta(self, delta: TextDelta) -> None:
        delta.text.encode()  # fails its own producer here; in the pipeline it would fail all
        self._taken += 1
        if self._drafts and self._drafts[-1].texts:
            self._drafts[-1].join(delta.text)
            return
        urgent = not self._delta_taken or len(delta.text) >= JOINED_CHARACTERS
        self._drafts.append(_Draft(self._taken, self._taken, delta, urgent, [delta.text], len(delta.text)))
        self._delta_taken = True

    def hurry(self) -> None:
        """Let nothing wait for the tick."""
        for draft in self._drafts:
            draft.urgent = True

    def next(self) -> Sending | None:
        """Return the entry to be sent: the one under way, else the oldest that waits. None: nothing is left."""
        if self._sending is None and self._drafts:
            draft = self._drafts.pop(0)
            self._sending = Sending(draft.entry(self.attempt), creates=draft.first == 1)
        return self._sending

    def acknowledge(self) -> None:
        """Note that the entry under way is in the log."""
        if self._sending is not None:
            self.acknowledged = self._sending.entry.position.sequence
            self._sending = None

    def begin_anew(self, text: str) -> None:
        """Put a snapshot of `text` first, in place of all deltas and snapshots that wait; the rest follows it.

        `text` holds every delta taken so far.
        """
        events = self.unwritten
        self._drafts.clear()
        self._taken += 1
        snapshot = LogEntry(Position(self.attempt, self._taken), self._taken, Snapshot(text))
        self._sending = Sending(snapshot, creates=True)
        for event in events:
            if not isinstance(event, TextDelta | Snapshot):
                self.take(event)

    def clear(self) -> None:
        """Forget what waits: the writer has failed."""
        self._sending = None
        self._drafts.clear()
        self._taken = self.acknowledged
