"""Postgres' data folder: made once, whole or not at all, and freed of the traces of a killed server."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from adapters.engines.account import Account, give, named_account
from adapters.engines.binaries import postgres_binary
from adapters.engines.errors import EnginesFailed
from adapters.engines.folder import SUPERUSER, DataFolder
from adapters.engines.process import spawn

_UNFINISHED = ".initdb-"


def has_cluster(folder: DataFolder) -> bool:
    """Whether the data folder is there."""
    return (folder.postgres / "PG_VERSION").is_file()


def make_cluster(folder: DataFolder, account: Account | None) -> None:
    """Make the data folder where there is none. `EnginesFailed` if something else stands in its place.

    It is made beside its place and renamed into it, so that a half-made one is never taken for a cluster.
    """
    if folder.postgres.exists() and any(folder.postgres.iterdir()):
        raise EnginesFailed(
            f"Postgres did not start: {folder.postgres} is not empty and not its data (no PG_VERSION); "
            "move it away, or set FLUENTPRO_DATA_DIR to another folder"
        )
    for unfinished in folder.root.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(unfinished)
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.root))
    _initdb(made, folder.logs / "initdb.log", named_account() if account else None)
    give(made, account)
    made.rename(folder.postgres)


def _initdb(place: Path, log: Path, account: Account | None) -> None:
    """Fill the empty folder `place`: UTF-8, and Postgres' own C.UTF-8 order, the same on every platform."""
    program = postgres_binary("initdb")
    give(place, account)
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    command = (str(program), "-D", str(place), "-U", SUPERUSER, "--auth=trust", *locale)
    with log.open("wb") as output:
        status = spawn(command, account, (program, place.parent), signal.SIGTERM, output.fileno()).wait()
    if status != 0:
        reason = (log.read_text(errors="replace").strip().splitlines() or ["it wrote nothing"])[-1]
        raise EnginesFailed(
            f"Postgres' data folder could not be made: {reason} (log: {log}). Put it right, "
            "or set FLUENTPRO_DATABASE_URL to a Postgres of your own"
        )


def disown_lock_files(folder: DataFolder) -> None:
    """Let Postgres start over lock files whose writer is gone. Only under our lock, with no postmaster of ours left.

    Postgres refuses while the process id in them exists, be it a zombie or a stranger's that has the number now.
    Removing the files would also take away its second guard, the shared memory segment named in `postmaster.pid`,
    which a child of a killed postmaster may still be using. It takes its parent's id for a stale one, however: so
    they get ours.
    """
    for path in (folder.postgres / "postmaster.pid", Path(f"{folder.postgres_socket}.lock")):
        if path.is_file():
            _, *rest = path.read_bytes().split(b"\n")
            path.write_bytes(b"\n".join([b"%d" % os.getpid(), *rest]))
