"""A terminal of plain lines."""

from typing import TextIO

from fluentpro.v2.conversation_pb2 import Author, Turn
from phone.bookmark import Bookmark
from phone.refusal import Refusal


class Screen:
    """Types the partner's words as they come. Notes for the learner go to a stream of their own."""

    def __init__(self, out: TextIO, notes: TextIO) -> None:
        self._out = out
        self._notes = notes
        self._in_reply = False
        self._text = ""  # of the reply under way, as it stands there
        self._trouble = ""

    def history(self, turns: list[Turn]) -> None:
        """Show what was said before."""
        for turn in turns:
            who = "You" if turn.author == Author.AUTHOR_LEARNER else "Partner"
            self._type(f"{who}: {turn.text}\n")

    def said(self, text: str) -> None:
        """Show what the learner says. A wish for another reply has no words."""
        if text:
            self._type(f"You: {text}\n")

    def reply(self, bookmark: Bookmark) -> None:
        """Have the newest line say what the reply says by now."""
        self._trouble = ""
        self._begin()
        self._put(bookmark.text)
        match bookmark.ended:
            case "completed":
                self._end("")
            case "cancelled":
                self._end(" (stopped)")
            case "failed":
                self._end(f" ({bookmark.why})")
                if bookmark.retryable:
                    self.note("Type /again to have the partner reply once more.")

    def broke(self, why: Refusal) -> None:
        """Say that a stream broke; not again for each try that fails alike."""
        when = f" in {why.retry_after:.0f} s" if why.retry_after >= 1 else ""
        note = f"[{why.reason or why.code.name}: trying again{when}]"
        if note != self._trouble:
            self._trouble = note
            self.note(note)

    def refused(self, why: Refusal) -> None:
        """Say that a wish was refused for good."""
        self.note(str(why))

    def note(self, text: str) -> None:
        """Say something that is no part of the conversation."""
        self._notes.write(f"{text}\n")
        self._notes.flush()

    def _begin(self) -> None:
        if not self._in_reply:
            self._in_reply, self._text = True, ""
            self._type("Partner: ")

    def _put(self, text: str) -> None:
        """Type what is missing, or begin a new line where what stands there is void."""
        if not text.startswith(self._text):
            self._type(" (void)\nPartner: ")
            self._text = ""
        self._type(text.removeprefix(self._text))
        self._text = text

    def _end(self, remark: str) -> None:
        self._in_reply = False
        self._type(f"{remark}\n")

    def _type(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
