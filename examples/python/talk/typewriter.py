"""A reply on a screen, as it is written."""

from typing import TextIO

from fluentpro.v2.reply_pb2 import ReplyEvent


class Typewriter:
    """Types a reply's words as they come; starts a new line where the text so far is void."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, event: ReplyEvent) -> None:
        """Type what an event adds. Those that bring no text type nothing; the last one ends the line."""
        match event.WhichOneof("event"):
            case "delta":
                self._type(event.delta.text)
            case "snapshot":
                self._type(f"\n{event.snapshot.text}")
            case "reset":
                self._type("\n")
            case "cancelled":
                self._type(" (stopped)\n")
            case "failed":
                self._type(f" ({event.failed.failure.message})\n")
            case "completed":
                self._type("\n")

    def _type(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
