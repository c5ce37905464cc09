"""A learner by HTTP and server-sent events."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "harbour view at dawn"
GREETING = "Good morning, and welcome! May I see your passport, please?"
"""In the scenario below the scripted partner answers this with twenty words."""


@dataclass(frozen=True)
class Event:
    """One server-sent event: its kind, its cursor (empty for an error) and its data."""

    kind: str
    cursor: str
    data: dict[str, Any]


class Learner:
    """Somebody who is signed in."""

    def __init__(self, client: httpx.AsyncClient, email: str) -> None:
        self._client = client
        self.email = email

    @property
    def authorization(self) -> str:
        """The header that says who calls."""
        return self._client.headers["authorization"]

    async def sign_up(self) -> None:
        terms = {"email": self.email, "password": PASSWORD, "full_name": "Mei Chan", "accept_terms": True}
        self._use(await self._post("/auth/signup", terms))

    async def log_in(self) -> None:
        self._use(await self._post("/auth/login", {"email": self.email, "password": PASSWORD}))

    async def converse(self) -> str:
        """Start a conversation and return its id."""
        return (await self._post("/conversations", {"scenario_id": "early_check_in"}))["id"]

    async def say(self, conversation: str, text: str = GREETING) -> AsyncIterator[Event]:
        """Say something, and read the reply as it comes."""
        message = {"client_message_id": uuid4().hex, "text": text}
        async with aclosing(self._events("POST", f"/conversations/{conversation}/messages", json=message)) as events:
            async for event in events:
                yield event

    async def resume(self, last: Event) -> list[Event]:
        """Read the rest of a reply after the last event that was seen."""
        path = f"/generations/{last.data['generation_id']}/events"
        return [event async for event in self._events("GET", path, headers={"last-event-id": last.cursor})]

    async def turns(self, conversation: str) -> list[dict[str, Any]]:
        answer = await self._client.get(f"/conversations/{conversation}/turns")
        return answer.raise_for_status().json()["data"]["turns"]

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def _use(self, answer: dict[str, Any]) -> None:
        self._client.headers["authorization"] = f"Bearer {answer['tokens']['access_token']}"

    async def _events(self, method: str, path: str, **request: Any) -> AsyncIterator[Event]:
        headers = {"accept": "text/event-stream"} | request.pop("headers", {})
        async with self._client.stream(method, path, headers=headers, timeout=40, **request) as answer:
            assert answer.status_code in (200, 204), (await answer.aread()).decode()
            fields: dict[str, str] = {}
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                fields[name] = value
                if not line and "data" in fields:
                    yield Event(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
                    fields = {}


def text_of(events: Iterable[Event]) -> str:
    """Return what a client shows after these events."""
    shown = ""
    for event in events:
        match event.kind:
            case "delta":
                shown += event.data["delta"]["text"]
            case "snapshot":
                shown = event.data["snapshot"]["text"]
            case "reset":
                shown = ""
    return shown
