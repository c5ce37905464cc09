"""What an idle WebSocket costs: the resident memory of a serving process, divided by the sockets it holds."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from integration.websocket.raw import TEXT, RawSocket, text

CHAT = "/v1/rooms/kitchen/chat"
SOCKETS = 1000
KILOBYTES = 40
_ROOT = Path(__file__).parents[3]
_SERVER = Path(__file__).with_name("talk.py")


@asynccontextmanager
async def _serving(port_class: str) -> AsyncIterator[tuple[int, str]]:
    """Run the service as a process of its own; gives its id and HOST:PORT."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_SERVER), "127.0.0.1:0", port_class),
        env={**os.environ, "PYTHONPATH": f"{_ROOT}:{_ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = await process.stdout.readline()
        yield process.pid, line.decode().split()[-1]
    finally:
        process.terminate()
        await process.wait()


def _resident(pid: int) -> int:
    """Return the kilobytes of memory that a process has in use."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


async def _idle(address: str) -> RawSocket:
    """Open a socket whose call has begun and has answered once."""
    socket = await RawSocket.open(address, CHAT)
    await socket.send(text({"authorization": ""}), text({"text": "a"}))
    assert (await socket.frame())[0] == TEXT
    return socket


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory of another process")
async def test_a_thousand_idle_sockets_hold_less_than_forty_kilobytes_each():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * SOCKETS)), hard))
    async with _serving("WebSocketPort") as (pid, address):
        sockets = [await _idle(address) for _ in range(100)]  # whatever is made once is there after these
        before = _resident(pid)
        sockets += [await _idle(address) for _ in range(SOCKETS)]
        each = (_resident(pid) - before) / SOCKETS
        print(f"{each:.1f} KB each")  # a figure worth seeing, with -s
        assert each < KILOBYTES
        for socket in sockets:
            socket.writer.close()
