"""Replies as tests write and read them."""

from typing import Any

import grpc
from api.contract import RPCS
from api.learner import Learner, message

SEND = "ConversationService/SendMessage"
RESUME = "ConversationService/ResumeReply"
CANCEL = "ConversationService/CancelReply"
END = "ConversationService/EndConversation"
RETRY = b"retry: 3000\n"
"""How every event stream begins."""


def send(conversation_id: str, text: str = "Good evening.", key: str = "") -> Any:
    """Return a SendMessage under a new id, or under `key`."""
    return RPCS[SEND].request(**message(conversation_id, text, key))


def resume(generation_id: str, after: str = "") -> Any:
    """Return a ResumeReply."""
    return RPCS[RESUME].request(generation_id=generation_id, after=after)


def kinds(events: list[Any]) -> list[str]:
    """Return what each event is."""
    return [event.WhichOneof("event") for event in events]


def said(events: list[Any]) -> str:
    """Return the text of all deltas."""
    return "".join(event.delta.text for event in events)


def parse_sse(data: bytes) -> list[tuple[str, str, str]]:
    """Return id, name and data of each event."""
    blocks = [block.split("\n") for block in data.decode().removeprefix(RETRY.decode()).split("\n\n") if block]
    return [_event([line.partition(": ") for line in block]) for block in blocks if block != [": "]]


def _event(lines: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    (first, _, cursor), (second, _, name), (third, _, data) = lines
    assert (first, second, third) == ("id", "event", "data")
    return cursor, name, data


async def until(learner: Learner, request: Any, kind: str) -> Any:
    """Send a message by gRPC, read up to an event of that kind, and return the call and the event."""
    call = learner.door.start(SEND, request, learner.token)
    while True:
        event = (await call.read()).event
        if event.WhichOneof("event") == kind:
            return call, event


async def rest(call: Any) -> list[Any]:
    """Return the events that still come of such a call."""
    events = []
    while (answer := await call.read()) is not grpc.aio.EOF:
        events.append(answer.event)
    return events
