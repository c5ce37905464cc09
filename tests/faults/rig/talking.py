"""Learners in conversations: they say numbered facts, and read the replies by HTTP as they come."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from .waiting import until
from .writing import PATIENCE, sign_up

_SCENARIO = "early_check_in"
_ENDS = frozenset({"completed", "cancelled", "failed"})
_SSE = {"accept": "text/event-stream"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of a stream: its cursor, what it is, its bytes, and when it came."""

    cursor: str
    kind: str
    data: str
    at: float

    @property
    def value(self) -> dict[str, Any]:
        """What stands under its kind."""
        found: dict[str, Any] = json.loads(self.data)[self.kind]
        return found


@dataclass(slots=True)
class Listening:
    """One stream of a reply, read in the background until it ends or breaks."""

    heard: list[Heard] = field(default_factory=list)
    status: int = 0
    """0 until the answer begins."""
    fault: str = ""
    """What broke it off: the server's words, or the error of the connection."""
    answered_at: float = 0.0
    task: "asyncio.Task[None] | None" = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.task is not None and self.task.done()

    @property
    def kinds(self) -> list[str]:
        """What its events are."""
        return [event.kind for event in self.heard]

    @property
    def last(self) -> str:
        """The kind of its newest event; empty where there is none."""
        return self.heard[-1].kind if self.heard else ""

    @property
    def cursor(self) -> str:
        """Where to read on."""
        return self.heard[-1].cursor if self.heard else ""

    @property
    def generation(self) -> str:
        """The reply's id."""
        return self.cursor.partition(":")[0]

    async def hears(self, kind: str, seconds: float = 30.0) -> float:
        """Return once there is an event of that kind: the seconds. Raises TooLong."""
        return await until(lambda: kind in self.kinds, f"{kind} is heard (but {self.status} {self.fault})", seconds)

    async def hears_words(self, count: int, seconds: float = 30.0) -> float:
        """Return once so many words are there: the seconds. Raises TooLong."""
        return await until(lambda: len(said(self.heard).split()) >= count, f"{count} words are heard", seconds)

    async def over(self, seconds: float = PATIENCE) -> "Listening":
        """Return it once nothing more comes. Raises TooLong."""
        await until(lambda: self.is_over, f"the stream ends, after {self.last}", seconds)
        return self

    async def leave(self) -> None:
        """Go away in the middle of it."""
        assert self.task is not None
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


def said(events: Sequence[Heard]) -> str:
    """Return the text that a reader of these events has before them."""
    text = ""
    for event in events:
        match event.kind:
            case "delta":
                text += event.value["text"]
            case "snapshot":
                text = event.value["text"]
            case "reset":
                text = ""
    return text


@dataclass(slots=True)
class Talker:
    """A learner in one conversation. Each call goes to the server at `url`."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    conversation: str

    def say(self, url: str, number: int, key: str = "", **more: object) -> Listening:
        """Say a fact under the id `key`, or one that follows from it, and listen to the reply."""
        body = {"client_message_id": key or f"fact-{number}", "text": f"Fact {number}", **more}
        return self._listen("POST", f"{url}/api/v2/conversations/{self.conversation}/messages", json=body)

    def resume(self, url: str, generation: str, after: str = "") -> Listening:
        """Read a reply on from a cursor, or from its beginning."""
        params = {"after": after} if after else {}
        return self._listen("GET", f"{url}/api/v2/generations/{generation}/events", params=params)

    async def cancel(self, url: str, generation: str) -> httpx.Response:
        """Stop a reply."""
        return await self.client.post(f"{url}/api/v2/generations/{generation}:cancel", json={}, headers=self.headers)

    async def get(self, url: str, path: str = "", **params: object) -> Any:
        """Return the conversation, or what stands at `path` below it, as the server answers."""
        at = f"{url}/api/v2/conversations/{self.conversation}{path}"
        answer = await self.client.get(at, headers=self.headers, params={**params})
        return answer.raise_for_status().json()

    async def turns(self, url: str) -> list[dict[str, Any]]:
        """Return all that was said, in order."""
        found: list[dict[str, Any]] = []
        page = {"page_size": 100, "page_token": ""}
        while True:
            answer = (await self.get(url, "/turns", **page))["data"]
            found += answer["turns"]
            page["page_token"] = answer.get("next_page_token", "")
            if not page["page_token"]:
                return found

    def _listen(self, method: str, url: str, **more: Any) -> Listening:
        listening = Listening()
        listening.task = asyncio.create_task(self._read(listening, method, url, more))
        return listening

    async def _read(self, listening: Listening, method: str, url: str, more: dict[str, Any]) -> None:
        try:
            async with self.client.stream(method, url, headers=self.headers | _SSE, **more) as answer:
                listening.status, listening.answered_at = answer.status_code, time.monotonic()
                if answer.status_code != httpx.codes.OK:
                    listening.fault = (await answer.aread()).decode()[:500]
                    return
                async for block in _blocks(answer):
                    _note(listening, block)
        except httpx.TransportError as error:
            listening.fault = f"{type(error).__name__}: {error}"


async def _blocks(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Give the blocks of an event stream, but for comments, as their fields."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif not line:
            if "data" in fields:
                yield fields
            fields = {}


def _note(listening: Listening, block: dict[str, str]) -> None:
    if block["event"] == "error":
        listening.fault = block["data"]
        return
    listening.heard.append(Heard(block["id"], block["event"], block["data"], time.monotonic()))


@asynccontextmanager
async def talkers(url: str, count: int) -> AsyncIterator[list[Talker]]:
    """Sign so many learners up at the server at `url`, each with a conversation of their own."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits) as client:
        found = [await talker(client, url) for _ in range(count)]
        yield found


async def talker(client: httpx.AsyncClient, url: str) -> Talker:
    """Sign a learner up and start a conversation."""
    headers = {"authorization": f"Bearer {await sign_up(client, url)}"}
    started = await client.post(f"{url}/api/v2/conversations", json={"scenario_id": _SCENARIO}, headers=headers)
    return Talker(client, headers, started.raise_for_status().json()["data"]["id"])


def has_ended(listening: Listening) -> bool:
    """Whether the last event of the reply was heard."""
    return listening.last in _ENDS
