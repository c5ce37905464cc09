"""A mail server that takes messages, or refuses them as it is told."""

import asyncio
from dataclasses import dataclass, field

_GOOD = {"EHLO": "250 here", "DATA": "354 go on", "QUIT": "221 bye"}


@dataclass
class MailServer:
    """`answers` has the reply to a command in place of the good one; `messages` are those taken."""

    answers: dict[str, str] = field(default_factory=dict)
    messages: list[bytes] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> "MailServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.answers.get("greeting", "220 here").encode() + b"\r\n")
        while line := await reader.readline():
            command = line.decode().partition(" ")[0].strip().upper()
            answer = self.answers.get(command, _GOOD.get(command, "250 fine"))
            if answer == "hang up":
                break
            writer.write(answer.encode() + b"\r\n")
            if command == "DATA" and answer.startswith("354"):
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(self.answers.get("message", "250 taken").encode() + b"\r\n")
            if command == "QUIT":
                break
        writer.close()
