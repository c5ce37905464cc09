"""One engine as a foreground child: started, waited for by protocol, stopped."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.engines.account import Account
from adapters.engines.entry import entry_step
from adapters.engines.errors import EnginesFailed

START_SECONDS: Final = 60.0
"""How long an engine may take to answer: recovery after a crash reads its whole log first."""

STOP_SECONDS: Final = 6.0
"""How long an engine may take over a clean stop. Measured: 0.1."""

_POLL_SECONDS: Final = 0.01

_LOG_TAIL: Final = 8192


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine is: `command` begins with its program and the folder it keeps its data in."""

    name: str
    command: Sequence[str]
    folder: Path
    log: Path
    stop_signal: signal.Signals
    """Ends it cleanly without waiting for clients to leave."""
    fault: re.Pattern[str]
    """Finds the message, as its only group, in a log line that tells why it gave up."""
    answers: Callable[[], bool]
    """Whether it serves requests now, asked in its own protocol."""


class EngineProcess:
    """A running engine, a child of this process, in a session of its own so that Ctrl-C does not reach it."""

    def __init__(self, engine: Engine, account: Account | None) -> None:
        self.engine = engine
        program = Path(engine.command[0])
        with engine.log.open("wb") as log:
            self._child = spawn(
                engine.command, account, (program, engine.folder.parent), engine.stop_signal, log.fileno()
            )

    def exited(self) -> bool:
        """Whether it has ended; reaps it."""
        return self._child.poll() is not None

    def wait_ready(self) -> None:
        """Return when it answers; `EnginesFailed`, with the reason it logged, when it ends or never does."""
        limit = time.monotonic() + START_SECONDS
        while not self.engine.answers():
            if self.exited():
                raise EnginesFailed(self._failure("did not start"))
            if time.monotonic() > limit:
                raise EnginesFailed(self._failure(f"did not answer in {START_SECONDS:.0f} s"))
            time.sleep(_POLL_SECONDS)

    def ask_to_stop(self) -> None:
        """Begin a clean stop; returns at once."""
        if not self.exited():
            self._child.send_signal(self.engine.stop_signal)

    def wait_stopped(self, limit: float) -> None:
        """Return when it has ended, by force once `time.monotonic()` passes `limit`. Data stays recoverable."""
        try:
            self._child.wait(max(0.0, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _failure(self, what: str) -> str:
        return (
            f"{self.engine.name} {what}: {last_fault(self.engine)} (log: {self.engine.log}). If the folder is broken, "
            f"move {self.engine.folder} away, or set FLUENTPRO_DATA_DIR to another"
        )


def spawn(
    command: Sequence[str],
    account: Account | None,
    paths: Sequence[Path],
    death_signal: signal.Signals,
    output: int,
) -> subprocess.Popen[bytes]:
    """Start a program of an engine's wheel as `account`, writing to the file `output`; `EnginesFailed` if it cannot.

    Its environment is bare: a server has no business with our keys, and `PG*` variables would bend it.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    try:
        return subprocess.Popen(  # noqa: S603 - a program of the wheel, by a list of words
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**kept, "LC_ALL": "C"},
            start_new_session=True,
            preexec_fn=entry_step(account, paths, death_signal),  # noqa: PLW1509 - the keeper has one thread
        )
    except (OSError, subprocess.SubprocessError) as error:
        owner = f"user {account.user}" if account else "this user"
        raise EnginesFailed(
            f"the system does not let us run {command[0]} as {owner} ({error}): "
            "start as an ordinary user, or set FLUENTPRO_DATABASE_URL and FLUENTPRO_REDIS_URL to engines of your own"
        ) from error


def last_fault(engine: Engine) -> str:
    """Find the last line of its log that tells why it gave up, or else simply the last."""
    with engine.log.open("rb") as log:
        log.seek(max(0, engine.log.stat().st_size - _LOG_TAIL))
        lines = log.read().decode(errors="replace").strip().splitlines()
    faults = [found.group(1) for found in map(engine.fault.search, lines) if found]
    return (faults or lines or ["it wrote nothing"])[-1].strip()
