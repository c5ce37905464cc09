"""Requests that are carried out once, however often they come.

A client gives such a request a key. The unit of work that changes something for it keeps the answer in the same
transaction, so that there is never the one without the other.
"""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.shared.errors import DomainError, ErrorKind


class IdempotencyKeyReused(DomainError):
    """The key belongs to another request."""

    kind = ErrorKind.INVALID_ARGUMENT
    reason = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self, key: UUID) -> None:
        message = "This idempotency_key was used for a request with other contents."
        super().__init__(message, metadata={"idempotency_key": str(key)})


class RequestInProgress(DomainError):
    """The same request is being carried out at this moment."""

    kind = ErrorKind.ABORTED
    reason = "REQUEST_IN_PROGRESS"

    def __init__(self, key: UUID) -> None:
        message = "The request with this idempotency_key is still being carried out. Try again."
        super().__init__(message, metadata={"idempotency_key": str(key)}, retry_after=1.0)


class AlreadyAnswered(Exception):
    """Somebody else has carried out the request meanwhile; `answer` is what they were told."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("the request was carried out meanwhile")
        self.answer = answer


@dataclass(slots=True, eq=False)
class Once:
    """A request with a key.

    `digest` stands for its contents; `encode` turns what the use case returns into the answer, as bytes. `is_kept` says
    that the answer has been committed. It concerns the task that carries the request out, and none that this starts.
    """

    user_id: UUID
    method: str
    key: UUID
    digest: bytes
    encode: Callable[[Any], bytes]
    is_kept: bool = False
    _task: "asyncio.Task[Any] | None" = field(default_factory=asyncio.current_task)

    def concerns_this_task(self) -> bool:
        """Whether a unit of work of the running task belongs to the request."""
        return asyncio.current_task() is self._task and not self.is_kept


current_once: ContextVar[Once | None] = ContextVar("current_once", default=None)
"""The request that is carried out, where it has a key; read by the unit of work."""
