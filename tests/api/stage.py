"""A language model that does what a test tells it to."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from uuid import uuid4

from domain.practice.chat import ChatPart, ChatRequest, Delta, Finish, FinishReason, Usage

WORDS = ("Good ", "evening, ", "and welcome ", "to the hotel. ", "How may I help?")
WHOLE = (*map(Delta, WORDS), Usage(120, 9), Finish(FinishReason.STOP))
"""A reply that goes well."""


@dataclass
class Line:
    """What the partner does when the learner says `text`: events are waited for, exceptions raised."""

    parts: tuple[ChatPart | asyncio.Event | Exception, ...] = WHOLE
    text: str = field(default_factory=lambda: f"Good evening ({uuid4().hex}).")
    asked: int = 0
    """How often the model was asked for it."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether the model has been asked for it."""
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Whether the stream that gives it was closed."""

    async def play(self) -> AsyncGenerator[ChatPart, None]:
        """Give the parts."""
        self.asked += 1
        self.begun.set()
        try:
            for part in self.parts:
                if isinstance(part, asyncio.Event):
                    await part.wait()
                elif isinstance(part, Exception):
                    raise part
                else:
                    yield part
        finally:
            self.closed.set()


class StageModel:
    """Implements `ChatModel`. What nobody wrote a line for gets a reply that goes well."""

    name = "stage-model"

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}

    def line(self, *parts: ChatPart | asyncio.Event | Exception, text: str = "") -> Line:
        """Write a line; a learner who says its text (one of its own, unless given) is answered with `parts`."""
        line = Line(parts or WHOLE)
        line.text = text or line.text
        self._lines[line.text] = line
        return line

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Answer the newest message."""
        async for part in self._lines.get(request.history[-1].text, Line()).play():
            yield part
