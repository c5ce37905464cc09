"""What an engine does between fork and exec: take its account, keep its way to its files, die with its parent.

Folders above the data folder or the virtual environment may be closed to the engines' account (a mode-700 home or
temporary folder). Opening them would change what is not ours; instead the engines keep, on Linux, the one capability
of root that walks past file permissions, and nothing else of root.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from adapters.engines.account import Account

# Numbers of the kernel's interface: linux/prctl.h, linux/capability.h, linux/securebits.h.
_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 4
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1  # not CAP_DAC_READ_SEARCH: containers give root the former only


def entry_step(account: Account | None, paths: Iterable[Path], death_signal: signal.Signals) -> Callable[[], None]:
    """Give the step a child takes before exec: become `account`, able to reach `paths`, and die with its parent.

    On Linux the kernel sends `death_signal` when the thread that forked it ends, kill -9 included.
    """
    parent = os.getpid()
    on_linux = sys.platform == "linux"
    libc = ctypes.CDLL(None) if on_linux else None
    closed = account is not None and not all(_may_reach(path, account) for path in paths)

    def step() -> None:
        if libc and closed:
            _require(libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0)
        if account:
            os.setgroups([])
            os.setgid(account.group)
            os.setuid(account.user)
        if libc and closed:
            _keep_only_dac_override(libc)
        if libc:  # after setuid, which clears it
            _require(libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) == 0)
            _require(os.getppid() == parent)  # the parent may be gone since the fork

    return step


def _keep_only_dac_override(libc: ctypes.CDLL) -> None:
    """Drop every capability but one, and carry that one over exec.

    SECBIT_NO_SETUID_FIXUP has kept them over setuid; it must stay, or `access()`, by which Postgres checks its own
    program, would look without them.
    """
    bit = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low words, high words
    _require(libc.capset(header, sets) == 0)
    _require(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0) == 0)


def _require(done: bool) -> None:
    if not done:
        raise OSError("the kernel refused a step")  # subprocess reports it to the parent as SubprocessError


def _may_reach(path: Path, account: Account) -> bool:
    return all(_may_enter(place.stat(), account) for place in (path, *path.parents))


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.user:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.group:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)
