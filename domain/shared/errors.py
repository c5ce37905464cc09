"""What a use case raises when it refuses.

A refusal has a kind, which each door turns into its own code, and a reason, which is a value of the contract's
ErrorReason without its prefix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import ClassVar


class ErrorKind(Enum):
    """What sort of refusal it is. The names are those of gRPC's status codes, because every door maps to them."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    UNAVAILABLE = "UNAVAILABLE"
    UNIMPLEMENTED = "UNIMPLEMENTED"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with one field.

    `field` is the path of the field in the command, for example `custom_partners[2]`; `reason` is a stable code such
    as `TOO_SHORT`; `message` is for people and never repeats a secret.
    """

    field: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Precondition:
    """One thing that has to be done first: a kind of it, what it is about, and a sentence for people."""

    type: str
    subject: str
    description: str


class DomainError(Exception):
    """The base of every refusal; each area's `errors.py` has its own.

    `metadata` goes to the caller as it is, so it never holds a secret or another user's data. `retry_after` is in
    seconds, None where waiting does not help.
    """

    kind: ClassVar[ErrorKind]
    reason: ClassVar[str]
    preconditions: tuple[Precondition, ...] = ()

    def __init__(
        self, message: str, *, metadata: Mapping[str, str] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.metadata: Mapping[str, str] = MappingProxyType(dict(metadata or {}))
        self.retry_after = retry_after


class InvalidRequest(DomainError):
    """One or more fields are wrong; all of them are named at once."""

    kind = ErrorKind.INVALID_ARGUMENT
    reason = "INVALID_REQUEST"

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        fields = ", ".join(dict.fromkeys(violation.field for violation in violations))
        super().__init__(f"Invalid: {fields}.")
        self.violations = violations


class ConcurrentUpdate(DomainError):
    """Somebody else wrote the same thing between our read and our write."""

    kind = ErrorKind.ABORTED
    reason = "CONCURRENT_UPDATE"

    def __init__(self, what: str, current_version: int | None = None) -> None:
        known = {} if current_version is None else {"current_version": str(current_version)}
        super().__init__(f"{what} was changed by somebody else at the same moment. Try again.", metadata=known)


class TransactionConflict(ConcurrentUpdate):
    """The database undid the transaction in favour of another (a deadlock, a serialization failure): try it again."""

    def __init__(self) -> None:
        super().__init__("The resource")


class EtagMismatch(DomainError):
    """The caller's etag is not the present one."""

    kind = ErrorKind.ABORTED
    reason = "ETAG_MISMATCH"

    def __init__(self, etag: str) -> None:
        super().__init__("The resource has changed since it was read.", metadata={"etag": etag})


class Unavailable(DomainError):
    """Something we depend on does not answer."""

    kind = ErrorKind.UNAVAILABLE
    reason = "UNAVAILABLE"
