"""The phone as a process: typed to, interrupted, killed."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
from e2e.command import ROOT, until

from fluentpro.v2.conversation_pb2 import Turn
from fluentpro.v2.conversation_service_pb2 import ListTurnsRequest
from fluentpro.v2.conversation_service_pb2_grpc import ConversationServiceStub

SCENARIO = "early_check_in"

_CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "FLUENTPRO_"))}


class Phone:
    """One run over a state folder. What it writes goes to files, so that it never waits for a reader."""

    def __init__(self, process: asyncio.subprocess.Process, out: Path, err: Path) -> None:
        self._process, self._out, self._err = process, out, err

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    @property
    def replies(self) -> list[str]:
        """What the partner says on the screen, without remarks and without what was taken back."""
        lines = re.findall(r"^Partner: (.*)$", self.out, re.MULTILINE)
        return [re.sub(r" \([^()]*\)$", "", line) for line in lines if not line.endswith("(void)")]

    def types(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())

    async def shows(self, pattern: str, seconds: float = 60) -> None:
        """Return once this stands on its screen or in its notes."""
        await until(lambda: self._alive() and re.search(pattern, self.out + self.err), seconds)

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    async def killed(self) -> None:
        self._process.kill()
        await self._process.wait()

    async def ended(self, seconds: float = 60) -> int:
        """End the input; return the exit code once all is delivered and read."""
        assert self._process.stdin
        self._process.stdin.close()
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def stop(self) -> None:
        if self._process.returncode is None:
            await self.killed()

    def _alive(self) -> bool:
        assert self._process.returncode is None, self.out + self.err
        return True


Start = Callable[..., Awaitable[Phone]]


@asynccontextmanager
async def phones(folder: Path) -> AsyncIterator[Start]:
    """Start phones on one state folder, one after the other: `await start(address, "--email", …)`."""
    started: list[Phone] = []

    async def start(address: str, *words: str, **environ: str) -> Phone:
        out, err = folder / f"out{len(started)}", folder / f"err{len(started)}"
        program = [str(ROOT / "examples/phone.py"), "--server", address, "--state", str(folder / "state")]
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *program, "--scenario", SCENARIO, *words, env=_CLEAN | environ,
                stdin=asyncio.subprocess.PIPE, stdout=to_out, stderr=to_err,
            )  # fmt: skip
        started.append(Phone(process, out, err))
        return started[-1]

    yield start
    for phone in started:
        await phone.stop()


async def stored_turns(address: str, folder: Path) -> list[Turn]:
    """Return what the server has of the phone's conversation."""
    token = json.loads((folder / "state/session.json").read_text())["access_token"]
    conversation = json.loads((folder / "state/conversation.json").read_text())["conversation_id"]
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await ConversationServiceStub(channel).ListTurns(
            ListTurnsRequest(conversation_id=conversation, page_size=100),
            timeout=10,
            metadata=(("authorization", f"Bearer {token}"),),
        )
    return list(answer.turns)
