"""The account engines run as, and what must belong to it.

Postgres refuses to run as root, so a root process gives both engines a number of their own. It needs no entry in
the password file, and no `useradd`: only initdb asks for the name of its account, so initdb alone runs as one that
has a name, and what it made is handed over. A data folder that exists already keeps the owner it has.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from adapters.engines.errors import EnginesFailed
from adapters.engines.folder import DataFolder

_OWN_NUMBER = 60999
"""In a range that systemd's and Debian's tables leave to nobody, below the 65536 a rootless container maps."""


@dataclass(frozen=True, slots=True)
class Account:
    """User and group, by number."""

    user: int
    group: int


def engine_account(folder: DataFolder) -> Account | None:
    """Who the engines of `folder` are to run as; None for the caller's own account.

    `EnginesFailed` if the folder's database belongs to another account and we may not become it.
    """
    found = folder.postgres.stat() if folder.postgres.exists() else None
    if os.geteuid() == 0:
        return Account(found.st_uid, found.st_gid) if found and found.st_uid else Account(_OWN_NUMBER, _OWN_NUMBER)
    if found and found.st_uid != os.geteuid():
        raise EnginesFailed(
            f"{folder.postgres} belongs to user {found.st_uid}: start as that user or as root, "
            "or set FLUENTPRO_DATA_DIR to another folder"
        )
    return None


def named_account() -> Account:
    """Find an account without rights that has a name: `nobody`, or else the first that is not root."""
    entries = sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != "nobody")
    for entry in entries:
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise EnginesFailed("Postgres cannot be set up: the password file names no account but root; add one")


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of `path` and all it holds; nothing to do where it is, or is None."""
    if account is None or path.stat().st_uid == account.user:
        return
    try:
        _give_all(path, account)
    except OSError as error:  # a container that took this right from its root
        raise EnginesFailed(
            f"the system does not let us give {path} to user {account.user} ({error.strerror}): "
            "start as an ordinary user, or set FLUENTPRO_DATABASE_URL and FLUENTPRO_REDIS_URL to engines of your own"
        ) from error


def _give_all(path: Path, account: Account) -> None:
    for parent, folders, files in os.walk(path, topdown=False):
        for name in (*folders, *files):
            os.chown(Path(parent, name), account.user, account.group, follow_symlinks=False)
    os.chown(path, account.user, account.group)  # last, so that a walk cut short is taken up again


def make_places(folder: DataFolder, account: Account | None) -> None:
    """Make the folders the engines write to, closed to everyone but their account.

    `EnginesFailed` if the short socket folder, which lies in a place open to all, is somebody else's.
    """
    folder.logs.mkdir(mode=0o700, exist_ok=True)
    for place in (folder.valkey, folder.run):
        place.mkdir(mode=0o700, exist_ok=True)
        if place.parent != folder.root:
            _refuse_foreign(place, account)
        place.chmod(0o700)
        give(place, account)


def _refuse_foreign(place: Path, account: Account | None) -> None:
    status = place.lstat()
    ours = {os.geteuid(), account.user} if account else {os.geteuid()}
    if status.st_uid not in ours or not stat.S_ISDIR(status.st_mode):
        raise EnginesFailed(
            f"{place} belongs to another user or is no folder; remove it, or set FLUENTPRO_DATA_DIR to another folder"
        )
