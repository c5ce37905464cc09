"""Passwords: slow hashes made off the event loop, and the list of those that everybody tries."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

# OWASP's Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. About 33 ms.
MEMORY_KIBIBYTES = 19 * 1024
PASSES = 2
LANES = 1
# How many are worked on at once: a storm of log-ins takes this many cores and 19 MiB each; the others wait in line.
WORKERS = 2

_SHORTEST_ALLOWED = 8


class Argon2Passwords:
    """Hashes passwords with argon2id in a few threads of its own. Close it to end them."""

    def __init__(self, memory: int = MEMORY_KIBIBYTES, passes: int = PASSES, workers: int = WORKERS) -> None:
        """Take the memory in KiB, the passes over it, and how many passwords are worked on at once."""
        self._argon2 = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=LANES, type=Type.ID)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="argon2")

    async def hash(self, password: str) -> str:
        """Return an argon2id hash in its standard text form, salted."""
        return await self._run(lambda: self._argon2.hash(password))

    async def verify(self, password: str, password_hash: str) -> bool:
        """Whether the hash was made of this password."""
        return await self._run(lambda: self._matches(password, password_hash))

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than `hash` uses."""
        return self._argon2.check_needs_rehash(password_hash)

    def close(self) -> None:
        """End the threads; what still waits is given up."""
        self._threads.shutdown(cancel_futures=True)

    def _matches(self, password: str, password_hash: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def common_passwords() -> frozenset[str]:
    """Return the passwords that are tried first, case folded, as zxcvbn counted them in leaks.

    Those too short to be chosen anyway are left out. Takes some 50 ms: call it once, at start-up.
    """
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word.casefold() for word in FREQUENCY_LISTS["passwords"] if len(word) >= _SHORTEST_ALLOWED)
