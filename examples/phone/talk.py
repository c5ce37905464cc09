"""One conversation, from signing in to leaving."""

import asyncio
import secrets
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from grpc.aio import AioRpcError, Channel

from fluentpro.v2.conversation_pb2 import Author, Turn
from phone import disk
from phone.backoff import Backoff
from phone.bookmark import Bookmark, BookmarkFile
from phone.calls import Calls
from phone.courier import Courier
from phone.keyboard import Keyboard
from phone.outbox import Outbox, Wish
from phone.refusal import refusal_of
from phone.screen import Screen
from phone.session import Session, SignedOut

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Account:
    """Who talks. With a name the account is made; without one it is there already."""

    email: str
    password: str
    full_name: str

    @classmethod
    def guest(cls) -> "Account":
        """Return a new account that only this device knows."""
        return cls(f"guest-{uuid4().hex}@example.com", secrets.token_urlsafe(16), "Guest")


class Talk:
    """The parts, put together. Everything that must survive lies in the folder `state`."""

    def __init__(self, channel: Channel, state: Path, screen: Screen) -> None:
        self._screen = screen
        self._file = state / "conversation.json"
        self._conversation = ""
        self._session = Session(channel, state / "session.json")
        self._calls = Calls(channel, self._session)
        self._bookmarks = BookmarkFile(state / "bookmark.json")
        self._outbox = Outbox(state / "outbox.db")
        self._courier = Courier(channel, self._session, self._outbox, self._bookmarks, screen)
        self._stopped = ""
        self._stopping: asyncio.Task[None] | None = None

    async def hold(self, account: Account | None, scenario: str) -> None:
        """Talk until the learner leaves. Raises SignedOut, and AioRpcError when there is no way in."""
        await self._enter(account, scenario)
        await self._show()
        delivery = asyncio.ensure_future(self._courier.run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt, delivery)
        Keyboard(sys.stdin.buffer, self._typed, self._courier.no_more).listen()
        try:
            with suppress(asyncio.CancelledError):
                await delivery
        finally:
            self._outbox.close()

    async def _enter(self, account: Account | None, scenario: str) -> None:
        """Sign in and start the conversation, unless an earlier run has. Only the very first run needs the server."""
        kept = disk.kept(self._file)
        if kept and not self._session.is_open and not account:
            raise SignedOut  # a guest's new account could not read what is kept here
        if not self._session.is_open or account:
            who = account or Account.guest()  # one guest, however often this is tried
            await self._online(lambda: self._sign_in(who))
        if not kept:  # the key is on the disk before it is used: dying in between starts no second conversation
            kept = {"key": str(uuid4()), "conversation_id": ""}
            disk.keep(self._file, kept)
        if not kept["conversation_id"]:
            kept["conversation_id"] = await self._online(lambda: self._start(scenario, kept["key"]))
            disk.keep(self._file, kept)
        self._conversation = kept["conversation_id"]

    async def _sign_in(self, account: Account) -> None:
        if account.full_name:
            await self._session.sign_up(account.email, account.password, account.full_name)
        else:
            await self._session.log_in(account.email, account.password)

    async def _start(self, scenario: str, key: str) -> str:
        return await self._calls.start(scenario or await self._calls.first_scenario(), key)

    async def _online(self, step: Callable[[], Awaitable[_T]]) -> _T:
        """Take a step that needs the server, as often as the network makes it necessary."""
        backoff = Backoff()
        while True:
            try:
                return await step()
            except AioRpcError as error:
                refusal = refusal_of(error)
                if not refusal.passes:
                    raise
            self._screen.broke(refusal)
            await backoff.wait(refusal.retry_after)

    async def _show(self) -> None:
        """Show what was said, what waits, and the reply that is read on."""
        bookmark = self._bookmarks.now
        try:
            turns = await self._calls.turns(self._conversation)
        except AioRpcError as error:
            self._screen.broke(refusal_of(error))
        else:
            self._screen.history([turn for turn in turns if not _is_reply(turn, bookmark)])
        for wish in self._outbox.all():
            self._screen.said(wish.text)
        if bookmark.is_open:
            self._screen.reply(bookmark)

    def _typed(self, line: str) -> None:
        """Say a line, or have the last message answered anew."""
        if line != "/again":
            self._courier.send(Wish(self._conversation, text=line))  # on the disk first: what is shown will be said
            if not sys.stdin.isatty():  # a terminal shows what is typed
                self._screen.said(line)
        elif turn := self._bookmarks.now.turn_id:
            self._courier.send(Wish(self._conversation, turn_id=turn))
        else:
            self._screen.note("There is no reply yet.")

    def _interrupt(self, delivery: asyncio.Future[None]) -> None:
        """Stop the reply under way; when there is none, or it is being stopped already, leave."""
        bookmark = self._bookmarks.now
        if bookmark.is_open and bookmark.generation_id != self._stopped:
            self._stopped = bookmark.generation_id
            self._stopping = asyncio.ensure_future(self._stop(bookmark.generation_id))
        else:
            delivery.cancel()

    async def _stop(self, generation_id: str) -> None:
        """Cancel a reply. The stream then brings its last event, `cancelled`, as it brings any other."""
        try:
            await self._calls.cancel(generation_id, str(uuid4()))
        except AioRpcError as error:
            self._stopped = ""
            self._screen.refused(refusal_of(error))


def _is_reply(turn: Turn, bookmark: Bookmark) -> bool:
    """Whether this is the reply that is about to be read on: it is shown then, and once."""
    return bookmark.is_open and turn.author == Author.AUTHOR_PARTNER and turn.generation_id == bookmark.generation_id
