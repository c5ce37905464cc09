"""Where things lie in a data folder, and the addresses that follow from it."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DATABASE = "fluentpro"
"""The database that is made in an embedded Postgres."""

SUPERUSER = "postgres"
"""The role of an embedded Postgres; its socket folder is closed to other accounts, so it has no password."""

SOCKET_FOLDER_LIMIT = 80
"""Bytes a socket folder's path may have: `sun_path` holds 104 (macOS) to 108, and the longest name takes 17."""

_SHORT_PLACE = Path("/tmp")  # noqa: S108 - not TMPDIR: two processes must agree; ownership is checked on use


@dataclass(frozen=True, slots=True)
class EngineUrls:
    """Addresses of the two engines of a data folder.

    `database_url` is for SQLAlchemy's asyncpg dialect: `postgresql+asyncpg://postgres@/fluentpro?host=<folder>`,
    where the folder, percent-encoded, holds the socket. `redis_url` is for redis-py: `unix://<path of the socket>`.
    """

    database_url: str
    redis_url: str


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder, by its absolute path. Files in it that are not named here are left alone."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> "DataFolder":
        """Name the folder at `path`, which need not exist. Symbolic links are followed: one folder has one name."""
        return cls(path.resolve())

    @property
    def lock(self) -> Path:
        """The file whose `flock` says that the folder is in use."""
        return self.root / "lock"

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's append-only files."""
        return self.root / "valkey"

    @property
    def logs(self) -> Path:
        """What the engines wrote since their last start."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """The sockets: in the data folder, or in a short folder of its own where that path is too long for one."""
        run = self.root / "run"
        if len(os.fsencode(run)) <= SOCKET_FOLDER_LIMIT:
            return run
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()
        return _SHORT_PLACE / f"fluentpro-{digest[:12]}"

    @property
    def postgres_socket(self) -> Path:
        """Postgres names its socket by the port, 5432."""
        return self.run / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        """Valkey's only listener."""
        return self.run / "valkey.sock"

    @property
    def urls(self) -> EngineUrls:
        """The addresses clients use, whether or not the engines run."""
        return EngineUrls(
            database_url=f"postgresql+asyncpg://{SUPERUSER}@/{DATABASE}?host={quote(str(self.run), safe='')}",
            redis_url=f"unix://{quote(str(self.valkey_socket))}",
        )
