"""How far a reply has been read. Cursor and text are kept together, so they can never disagree."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from fluentpro.v2.reply_pb2 import ReplyEvent
from phone import disk

_ENDS: Final = {"completed", "cancelled", "failed"}


@dataclass(frozen=True, slots=True)
class Bookmark:
    """One reply, as far as it has been read."""

    generation_id: str = ""
    """Empty: none has begun."""
    cursor: str = ""
    """Of the last event seen: `after` of ResumeReply. Empty: from the beginning."""
    text: str = ""
    """What that event and all before it say."""
    message_id: str = ""
    """The `client_message_id` that asked for this reply. Empty: another device asked."""
    turn_id: str = ""
    """The message that it answers, for RegenerateReply."""
    ended: str = ""
    """`completed`, `cancelled` or `failed`. Empty: there is more to come."""
    retryable: bool = False
    """It failed, and another reply may succeed."""
    why: str = ""
    """It failed: one sentence for people."""

    @property
    def is_open(self) -> bool:
        """Whether there is something to read on."""
        return bool(self.generation_id) and not self.ended

    def after(self, event: ReplyEvent, message_id: str) -> "Bookmark":
        """Return the bookmark behind this event."""
        known = self if self.generation_id == event.generation_id else Bookmark(message_id=message_id)
        there = replace(known, generation_id=event.generation_id, cursor=event.cursor)
        kind = event.WhichOneof("event") or ""
        match kind:
            case "accepted":
                return replace(there, turn_id=event.accepted.turn_id)
            case "delta":
                return replace(there, text=known.text + event.delta.text)
            case "snapshot":
                return replace(there, text=event.snapshot.text)
            case "reset":
                return replace(there, text="")
        if kind in _ENDS:
            failure = event.failed.failure  # empty unless it failed
            return replace(there, ended=kind, retryable=failure.retryable, why=failure.message)
        return there


class BookmarkFile:
    """The bookmark on disk. It may lag behind the screen by a moment: then a few words come once more, and fit."""

    _EVERY: Final = 0.25
    """Seconds between two writes while words come in: a phone's flash wears out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept_at = 0.0
        self.now = Bookmark(**disk.kept(path))

    def advance(self, event: ReplyEvent, message_id: str) -> None:
        """Move behind an event. All but words reach the disk at once."""
        self.now = self.now.after(event, message_id)
        if event.WhichOneof("event") != "delta" or time.monotonic() - self._kept_at > self._EVERY:
            self.put(self.now)

    def put(self, bookmark: Bookmark) -> None:
        """Move to another place, at once on the disk too."""
        self.now = bookmark
        disk.keep(self._path, asdict(bookmark))
        self._kept_at = time.monotonic()
