"""The process that owns the engines: `python -m adapters.engines.keeper DATA_DIR`.

It starts both, says so on its standard output, and waits for a word on its standard input or its end, which comes
when its parent dies in whatever way, kill -9 included. Then it stops them. It lives in a session of its own: a
Ctrl-C meant for the server does not reach the engines before the server has drained.

Each line it writes is a kind (`progress`, `ready`, `busy`, `failed`) and a sentence.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from adapters.engines.account import engine_account, give, make_places
from adapters.engines.cluster import disown_lock_files, has_cluster, make_cluster
from adapters.engines.errors import EnginesBusy, EnginesFailed
from adapters.engines.folder import DataFolder
from adapters.engines.leftovers import stop_leftovers
from adapters.engines.lock import FolderLock
from adapters.engines.postgres import ensure_database, postgres_engine, start_postgres
from adapters.engines.process import STOP_SECONDS, EngineProcess
from adapters.engines.valkey import valkey_engine

Say = Callable[[str, str], None]

_LOOK_SECONDS = 0.25

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> int:
    """Keep the engines of the folder named on the command line; 0 after a clean stop, 1 if they never ran."""
    for number in _SIGNALS:
        signal.signal(number, _exit_once)
    folder = DataFolder.at(Path(sys.argv[1]))
    try:
        keep(folder, os.getppid(), _say)
    except EnginesBusy as busy:
        _say("busy", str(busy))
    except EnginesFailed as failure:
        _say("failed", str(failure))
    except OSError as error:
        _say("failed", f"the data folder {folder.root} cannot be used: {error}")
    else:
        return 0
    return 1


def keep(folder: DataFolder, parent: int, say: Say) -> None:
    """Run the engines of `folder` for as long as process `parent` wants them, then stop them."""
    _make_root(folder.root)
    lock = FolderLock(folder)
    lock.acquire(parent)
    processes: list[EngineProcess] = []
    with ExitStack() as ending:  # from the last line up, each whatever became of the one before, a signal included
        ending.callback(lock.release)
        ending.callback(_remove_foreign_run, folder)
        ending.callback(_stop, processes)
        ending.callback(lock.say_stopping)
        ending.callback(_ignore_signals)
        _start(folder, processes, say)
        say("ready", "both engines answer")
        _wait_for_end(parent, processes)


def _make_root(root: Path) -> None:
    """Make the data folder where absent: others may pass through it, as the engines' account must, but not list it."""
    if not root.exists():
        root.mkdir(parents=True)
        root.chmod(0o711)


def _start(folder: DataFolder, processes: list[EngineProcess], say: Say) -> None:
    valkey, postgres = valkey_engine(folder), postgres_engine(folder)
    account = engine_account(folder)
    make_places(folder, account)
    for name in stop_leftovers((valkey, postgres)):
        say("progress", f"stopped a left-over {name}")
    say("progress", "starting Valkey")
    processes.append(EngineProcess(valkey, account))
    if not has_cluster(folder):
        say("progress", "making Postgres' data folder (once)")
        make_cluster(folder, account)
    give(folder.postgres, account)  # one restored by root from a backup belongs to root
    disown_lock_files(folder)
    say("progress", "starting Postgres")
    processes.append(start_postgres(postgres, account))
    ensure_database(folder.postgres_socket)
    processes[0].wait_ready()


def _wait_for_end(parent: int, processes: list[EngineProcess]) -> None:
    """Return at a word or the end of standard input, or when the parent is gone though its child holds the pipe."""
    while os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], _LOOK_SECONDS)
        if readable:
            return
        for process in processes:
            process.exited()  # reaps one that died; the other serves on, and the owner sees it by asking


def _stop(processes: list[EngineProcess]) -> None:
    for process in processes:
        process.ask_to_stop()
    limit = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.wait_stopped(limit)


def _remove_foreign_run(folder: DataFolder) -> None:
    """Leave nothing behind outside the data folder."""
    if folder.run.parent != folder.root:
        with suppress(OSError):  # a killed engine left its socket in it: the next start takes it over
            folder.run.rmdir()


def _exit_once(*_: object) -> None:
    _ignore_signals()
    sys.exit(0)


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _say(kind: str, sentence: str) -> None:
    try:
        os.write(1, f"{kind} {' '.join(sentence.splitlines())}\n".encode())
    except BrokenPipeError:
        return  # nobody listens; standard input has ended too


if __name__ == "__main__":
    sys.exit(main())
