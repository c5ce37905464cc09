"""A reply, read to its end over as many streams as that takes.

The server produces a reply once and keeps it in a log. A stream only reads that log: when it breaks, the cursor of the
last event says where to read on, and nothing comes twice.
"""

import asyncio
import random
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Final

from grpc import StatusCode
from grpc.aio import AioRpcError

from fluentpro.v2.conversation_service_pb2 import (
    ResumeReplyRequest,
    ResumeReplyResponse,
    SendMessageRequest,
    SendMessageResponse,
)
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceStub
from fluentpro.v2.reply_pb2 import ReplyEvent
from talk.errors import Refusal, refusal_of

STREAM_SECONDS: Final = 120.0
"""The deadline of one stream. The server's own cap is ten minutes."""

PATIENCE_SECONDS: Final = 60.0
"""How long to wait in all while nothing can be read: a server that is started anew is back by then."""

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 3.0
"""Seconds between two tries: doubled each time, up to the longest."""

OnBreak = Callable[[Refusal], None]


class Reply:
    """What the partner answers to one message."""

    def __init__(
        self, conversations: ConversationServiceStub, message: SendMessageRequest, metadata: tuple[tuple[str, str], ...]
    ) -> None:
        self._conversations = conversations
        self._message = message
        self._metadata = metadata
        self._last: ReplyEvent | None = None

    async def events(self, on_break: OnBreak) -> AsyncIterator[ReplyEvent]:
        """Give every event once, to the last: `completed`, `cancelled` or `failed`.

        A stream that breaks is told to `on_break` and read on. Raises AioRpcError for any other failure, and when
        nothing could be read for PATIENCE_SECONDS.
        """
        waits = _Waits()
        while True:
            try:
                async for answer in self._stream():
                    self._last, waits = answer.event, _Waits()
                    yield answer.event
            except AioRpcError as error:
                if error.code() is not StatusCode.UNAVAILABLE or waits.total > PATIENCE_SECONDS:
                    raise
                broken = refusal_of(error)
            else:
                return
            on_break(broken)
            await asyncio.sleep(waits.next(at_least=broken.retry_after))

    def _stream(self) -> AsyncIterable[SendMessageResponse | ResumeReplyResponse]:
        """Open the stream that brings what has not been seen.

        Before the first event that is the message itself: sent again under its id it joins the reply that exists.
        """
        if self._last is None:
            return self._conversations.SendMessage(self._message, timeout=STREAM_SECONDS, metadata=self._metadata)
        place = ResumeReplyRequest(generation_id=self._last.generation_id, after=self._last.cursor)
        return self._conversations.ResumeReply(place, timeout=STREAM_SECONDS, metadata=self._metadata)


class _Waits:
    """The waits between one try and the next, in seconds: longer each time, up to a limit."""

    def __init__(self) -> None:
        self.total = 0.0
        self._longest = _FIRST_WAIT

    def next(self, at_least: float) -> float:
        """Return how long to wait now. There is chance in it, so that clients come back one by one."""
        wait = max(at_least, random.uniform(self._longest / 2, self._longest))  # noqa: S311 - no secret
        self._longest = min(self._longest * 2, _LONGEST_WAIT)
        self.total += wait
        return wait
