"""A partner with no model behind it, played from the scenario's own script."""

import asyncio
import re
from collections.abc import AsyncGenerator

from adapters.ai.script import next_line
from domain.practice.chat import ChatPart, ChatRequest, Delta, Finish, FinishReason, Usage

_WORD = re.compile(r"\S+\s*")
"""A word with the space behind it, so that the pieces of a line join to the line."""


class ScriptedModel:
    """A `ChatModel` that gives the same reply to the same talk; its tokens are words."""

    name = "scripted"

    def __init__(self, word_seconds: float) -> None:
        """Say a word every `word_seconds`; with 0 as fast as the loop turns, one turn a word."""
        self._word_seconds = word_seconds

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Give the partner's next line, one word a delta, cut at `max_output_tokens` words."""
        words = _WORD.findall(next_line(request.scenario, request.history, request.unwanted))
        said = words[: request.max_output_tokens]
        for word in said:
            await asyncio.sleep(self._word_seconds)
            yield Delta(word)
        heard = sum(len(message.text.split()) for message in request.history)
        yield Usage(input_tokens=heard, output_tokens=len(said))
        yield Finish(FinishReason.STOP if said == words else FinishReason.LENGTH)
