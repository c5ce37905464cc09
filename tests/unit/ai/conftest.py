"""A scenario that ships, requests for it, and a provider of our own on a local port."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from adapters.seed.files import CatalogData, read_catalog
from domain.practice.chat import Author, ChatMessage, ChatRequest
from domain.practice.scenario import Scenario

Answer = Callable[["Exchange"], Awaitable[None]]


@pytest.fixture(scope="session")
def catalog() -> CatalogData:
    return read_catalog()


@pytest.fixture(scope="session")
def scenarios(catalog: CatalogData) -> dict[str, Scenario]:
    return {scenario.id: scenario for scenario in catalog.scenarios}


@pytest.fixture
def ask(scenarios):
    """Make a request: the partner opened, then learner and partner speak in turn."""

    def ask(*said: str, scenario: str = "early_check_in", max_output_tokens: int = 200) -> ChatRequest:
        played = scenarios[scenario]
        authors = (Author.PARTNER, Author.LEARNER)
        lines = (played.opening_line, *said)
        history = tuple(ChatMessage(authors[turn % 2], text) for turn, text in enumerate(lines))
        return ChatRequest(played, history, max_output_tokens, "user-1")

    return ask


class Exchange:
    """One request at the provider, and the hand that writes its answer."""

    def __init__(self, headers: bytes, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.headers = headers.decode()
        self.body = json.loads(body)
        self.reader = reader
        self.writer = writer

    async def refuse(self, status: str, error: dict[str, object], *headers: str) -> None:
        body = json.dumps({"error": error}).encode()
        await self.write(_head(status, "application/json", f"content-length: {len(body)}", *headers) + body)

    async def begin(self) -> None:
        await self.write(_head("200 OK", "text/event-stream", "transfer-encoding: chunked"))

    async def event(self, data: object) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        await self.chunk(f"data: {text}\n\n".encode())

    async def say(self, text: str | None = None, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        await self.event({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})

    async def bill(self, prompt: int, completion: int) -> None:
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        await self.event({"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": usage})

    async def end(self) -> None:
        await self.write(b"0\r\n\r\n")

    async def chunk(self, data: bytes) -> None:
        await self.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hung_up(self) -> None:
        """Wait until the client closes the connection."""
        with suppress(ConnectionError):
            await self.reader.read()


class Provider:
    """An OpenAI-like server that answers as the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.hung_up = asyncio.Event()
        self.url = ""
        self._answer: Answer | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def answers(self, answer: Answer) -> None:
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-length")
        )
        exchange = Exchange(head, await reader.readexactly(length), reader, writer)
        self.exchanges.append(exchange)
        assert self._answer is not None
        await self._answer(exchange)
        writer.close()

    def hang_up(self) -> None:
        for writer in self._open:
            writer.close()


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    yield provider
    provider.hang_up()
    server.close()


def _head(status: str, content_type: str, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"content-type: {content_type}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
