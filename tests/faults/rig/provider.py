"""A model provider of the tests' own, that speaks OpenAI's chat completions: it says numbers, as slowly as wanted.

To the learner's `Fact 17` it answers `<17> 1 2 3 …`: whatever is lost, doubled or mixed up with another reply shows.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
_FACT = re.compile(r"Fact ([0-9]+)")
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"


def spoken(number: int, words: int) -> str:
    """Return the reply of so many words to the fact `number`."""
    return "".join(_words(number, words))


def _words(number: int, count: int) -> list[str]:
    return [f"<{number}> ", *(f"{word} " for word in range(1, count))]


@dataclass(slots=True)
class Exchange:
    """One request that came to the provider, and when, by the monotonic clock, its client went away."""

    number: int
    said: int = 0
    left_at: float | None = None


@dataclass(slots=True)
class Provider:
    """Answers every request with `words` words, one each `pause` seconds. Made by `provider`."""

    words: int = 40
    pause: float = 0.05
    port: int = 0
    words_of: dict[int, int] = field(default_factory=dict)
    """How many words it says to some facts, in place of `words`."""
    held: set[int] = field(default_factory=set)
    """Facts to which nothing is said until `release`."""
    exchanges: list[Exchange] = field(default_factory=list)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def settings(self) -> dict[str, object]:
        """The settings of a process whose partner this is."""
        return {"model": "openai", "openai_base_url": f"http://127.0.0.1:{self.port}/v1", "openai_model": "rig"}

    def release(self) -> None:
        """Speak, whatever was held."""
        self.held.clear()
        self._released.set()
        self._released = asyncio.Event()

    def of(self, number: int) -> list[Exchange]:
        """Return the exchanges about one fact, in order."""
        return [exchange for exchange in self.exchanges if exchange.number == number]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; end when it is answered, or its client has gone away."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = json.loads(await reader.readexactly(int(length[1]) if length else 0))
            exchange = Exchange(_number(body["messages"]))
            self.exchanges.append(exchange)
            speaking = asyncio.create_task(self._speak(exchange, writer))
            await asyncio.wait({speaking, leaving := asyncio.create_task(reader.read())}, return_when="FIRST_COMPLETED")
            if not speaking.done():
                exchange.left_at = time.monotonic()
            for task in (speaking, leaving):
                task.cancel()
            await asyncio.gather(speaking, leaving, return_exceptions=True)
        writer.close()

    async def _speak(self, exchange: Exchange, writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD)
        await writer.drain()
        while exchange.number in self.held:
            await self._released.wait()
        due, words = time.monotonic(), self.words_of.get(exchange.number, self.words)
        for word in _words(exchange.number, words):
            await _chunk(writer, {"choices": [_choice(word, None)]})
            exchange.said += 1
            due += self.pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))  # paces the reply
        await _chunk(writer, {"choices": [_choice("", "stop")]})
        usage = {"prompt_tokens": 1, "completion_tokens": words, "total_tokens": words + 1}
        await _chunk(writer, {"choices": [], "usage": usage})
        writer.write(_framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()


def _number(messages: list[dict[str, str]]) -> int:
    """Return the newest fact that the learner has told; 0 where there is none."""
    told = [_FACT.search(message["content"]) for message in messages if message["role"] == "user"]
    return int(told[-1][1]) if told and told[-1] else 0


def _choice(text: str, finish: str | None) -> dict[str, object]:
    return {"index": 0, "delta": {"content": text}, "finish_reason": finish}


async def _chunk(writer: asyncio.StreamWriter, values: dict[str, object]) -> None:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "rig", **values}
    writer.write(_framed(f"data: {json.dumps(chunk)}\n\n".encode()))
    await writer.drain()


def _framed(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@asynccontextmanager
async def provider(words: int = 40, pause: float = 0.05) -> AsyncIterator[Provider]:
    """Give one, which serves during the block."""
    partner = Provider(words, pause)
    server = await asyncio.start_server(partner.serve, "127.0.0.1", 0)
    partner.port = server.sockets[0].getsockname()[1]
    try:
        yield partner
    finally:
        partner.release()
        server.close()
