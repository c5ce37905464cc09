"""Streams that have to wait, each until its time."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from workers.consumer_group import Entry


class HeldBack:
    """What is not done: by stream, when to go on with it, and the entries to acknowledge once it is through."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._due: dict[str, float] = {}
        self._entries: dict[str, set[Entry]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, stream_id: str) -> bool:
        return stream_id in self._due

    def owe(self, entry: Entry) -> None:
        """Keep an entry until its stream is through."""
        self._entries[entry.stream_id].add(entry)

    def hold(self, streams: Iterable[str], seconds: float) -> None:
        """Have streams wait."""
        due = self._now() + seconds
        for stream_id in streams:
            self._due[stream_id] = due

    def take_due(self) -> list[str]:
        """Return the streams that have waited long enough; they wait no more."""
        now = self._now()
        due = [stream_id for stream_id, when in self._due.items() if when <= now]
        for stream_id in due:
            del self._due[stream_id]
        return due

    def take_entries(self, streams: Iterable[str]) -> list[Entry]:
        """Return the entries of streams that are through; they are owed no more."""
        return [entry for stream_id in streams for entry in self._entries.pop(stream_id, ())]

    def seconds(self) -> float:
        """Return how long it is until one has waited long enough; infinite when none waits."""
        return max(0.0, min(self._due.values(), default=float("inf")) - self._now())
