"""Delivers what the outbox holds and reads the replies, over as many streams as that takes."""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

from grpc import StatusCode
from grpc.aio import AioRpcError, Channel

from fluentpro.v2.conversation_service_pb2 import (
    RegenerateReplyRequest,
    RegenerateReplyResponse,
    ResumeReplyRequest,
    ResumeReplyResponse,
    SendMessageRequest,
    SendMessageResponse,
)
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceStub
from phone.backoff import Backoff
from phone.bookmark import Bookmark, BookmarkFile
from phone.outbox import Outbox, Wish
from phone.refusal import Refusal, refusal_of
from phone.session import Session
from phone.wire import STREAM_SECONDS

Answers: TypeAlias = AsyncIterable[SendMessageResponse | RegenerateReplyResponse | ResumeReplyResponse]

_CUT: Final = Refusal(StatusCode.UNAVAILABLE, message="The stream ended before the reply did.")


class Shown(Protocol):
    """Where the learner sees what happens."""

    def reply(self, bookmark: Bookmark) -> None:
        """Show a reply as far as it has been read."""

    def broke(self, why: Refusal) -> None:
        """Show that a stream broke, and that it is taken up again."""

    def refused(self, why: Refusal) -> None:
        """Show that a wish was refused for good."""


class Courier:
    """Knows nothing but what the disk says, so a broken stream and a new start are the same thing to it."""

    def __init__(
        self, channel: Channel, session: Session, outbox: Outbox, bookmarks: BookmarkFile, shown: Shown
    ) -> None:
        self._conversations = ConversationServiceStub(channel)
        self._session = session
        self._outbox = outbox
        self._bookmarks = bookmarks
        self._shown = shown
        self._news = asyncio.Event()
        self._is_last = False
        outbox.remove(bookmarks.now.message_id)  # we may have died between moving the bookmark and this

    def send(self, wish: Wish) -> None:
        """Keep a wish, and send it when those before it are done."""
        self._outbox.put(wish)
        self._news.set()

    def no_more(self) -> None:
        """Have `run` return once all is delivered and read."""
        self._is_last = True
        self._news.set()

    async def run(self) -> None:
        """Deliver and read on, one stream after the other. Raises SignedOut."""
        backoff = Backoff()
        while True:
            self._news.clear()
            wish = self._outbox.first()
            if wish is None and not self._bookmarks.now.is_open:
                if self._is_last:
                    return
                await self._news.wait()
                continue
            before = self._bookmarks.now
            broken = await self._stream(wish)
            if self._bookmarks.now != before:
                backoff.reset()
            if broken:
                await backoff.wait(broken.retry_after)

    async def _stream(self, wish: Wish | None) -> Refusal | None:
        """Read one stream. None: its reply has ended, or was given up; otherwise why it broke."""
        before = self._bookmarks.now
        try:
            await self._read(await self._open(wish), wish)
        except AioRpcError as error:
            broken: Refusal | None = self._judge(refusal_of(error), wish)
        else:
            broken = _CUT if self._bookmarks.now.is_open or self._bookmarks.now == before else None
        if broken:
            self._shown.broke(broken)
        return broken

    async def _open(self, wish: Wish | None) -> Answers:
        """Open the stream that the disk asks for: first the reply that was begun, then the oldest wish."""
        metadata = await self._session.metadata()
        bookmark = self._bookmarks.now
        if wish is None or bookmark.is_open:
            place = ResumeReplyRequest(generation_id=bookmark.generation_id, after=bookmark.cursor)
            return self._conversations.ResumeReply(place, timeout=STREAM_SECONDS, metadata=metadata)
        if wish.text:
            message = SendMessageRequest(
                conversation_id=wish.conversation_id, client_message_id=wish.message_id, text=wish.text
            )
            return self._conversations.SendMessage(message, timeout=STREAM_SECONDS, metadata=metadata)
        again = RegenerateReplyRequest(turn_id=wish.turn_id, client_message_id=wish.message_id)
        return self._conversations.RegenerateReply(again, timeout=STREAM_SECONDS, metadata=metadata)

    async def _read(self, answers: Answers, wish: Wish | None) -> None:
        """Follow every event. The first one of a wish says that the server has it: it leaves the outbox."""
        bookmark = self._bookmarks.now
        asked = bookmark.message_id if wish is None or bookmark.is_open else wish.message_id
        async for answer in answers:
            self._bookmarks.advance(answer.event, asked)  # first: dying here leaves a wish that is asked for again
            self._outbox.remove(asked)
            self._shown.reply(self._bookmarks.now)

    def _judge(self, refusal: Refusal, wish: Wish | None) -> Refusal | None:
        """Return what to wait for; None when there is nothing to wait for: the wish or the reply was given up."""
        if refusal.code is StatusCode.UNAUTHENTICATED:
            self._session.expire()
            return refusal
        bookmark = self._bookmarks.now
        match refusal.reason:
            case "CURSOR_UNKNOWN":
                self._bookmarks.put(replace(bookmark, cursor="", text=""))
                return refusal
            case "GENERATION_IN_PROGRESS":  # another device's: read it to its end, then send again
                self._bookmarks.put(Bookmark(generation_id=refusal.metadata["generation_id"]))
                return refusal
        if refusal.passes:
            return refusal
        self._give_up(wish)
        self._shown.refused(refusal)
        return None

    def _give_up(self, wish: Wish | None) -> None:
        if self._bookmarks.now.is_open:
            self._bookmarks.put(Bookmark())
        elif wish:
            self._outbox.remove(wish.message_id)
