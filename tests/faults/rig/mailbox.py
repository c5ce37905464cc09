"""A mail server of the tests' own: it takes every message, and knows how often each came."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^@>]+)@", re.IGNORECASE | re.MULTILINE)


class Mailbox:
    """Counts messages by the first part of their Message-ID, which is the id of the job that sent them."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: Counter[str] = Counter()
        self._answers = asyncio.Event()
        self._answers.set()

    @property
    def settings(self) -> dict[str, object]:
        """The settings of a process that hands its mail over here."""
        return {"mail": "smtp", "smtp_url": f"smtp://127.0.0.1:{self.port}", "mail_from": "rig@example.com"}

    def hold(self) -> None:
        """Take messages from now on, and leave whoever hands one over without an answer."""
        self._answers.clear()

    def release(self) -> None:
        """Answer again."""
        self._answers.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak as much of SMTP (RFC 5321) as a client needs to hand messages over."""
        with suppress(OSError, asyncio.IncompleteReadError):
            await _say(writer, "220 rig")
            while line := await reader.readline():
                word = line[:4].upper().strip()
                if word == b"DATA":
                    await _say(writer, "354 go on")
                    self._take(await reader.readuntil(b"\r\n.\r\n"))
                    await self._answers.wait()
                await _say(writer, "221 bye" if word == b"QUIT" else "250 so be it")
        writer.close()

    def _take(self, message: bytes) -> None:
        found = _MESSAGE_ID.search(message)
        self.taken[found[1].decode() if found else "none"] += 1


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """Give one, which is open during the block."""
    box = Mailbox()
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        box.release()
        server.close()


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())
    await writer.drain()
