"""Mail into a folder, for a developer to look at: a file a message."""

import asyncio
import os
from pathlib import Path

from adapters.mail.message import message_of
from domain.identity.mail import Mail
from domain.shared.clock import Clock


class FolderMailer:
    """Implements `domain.identity.mail.Mailer`. The same message again takes its own place."""

    def __init__(self, folder: Path, sender: str, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    async def send(self, mail: Mail) -> None:
        """Write the message to `<id>.eml`."""
        content = message_of(mail, self._sender, self._clock()).as_bytes()
        await asyncio.to_thread(self._write, f"{mail.id}.eml", content)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(content)
        unfinished.replace(self._folder / name)
