"""Checking a whole command at once: every violation is collected, then refused together."""

from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar, cast

from domain.shared.errors import InvalidRequest, Violation

A = TypeVar("A")
T = TypeVar("T")


class Refused(Exception):
    """A value is not acceptable. Raised by the parsers of value objects, which do not know their field's name."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Checks:
    """A block at whose end InvalidRequest is raised when anything in it was refused.

    with Checks() as check:
        email = check("email", parse_email, command.email)
        name = check("full_name", parse_full_name, command.full_name)
    # here every value is good
    """

    def __init__(self) -> None:
        self._violations: list[Violation] = []

    def __call__(self, field: str, parse: Callable[[A], T], value: A) -> T:
        """Return `parse(value)`. Where that is refused the result must not be used before the block's end."""
        try:
            return parse(value)
        except Refused as refused:
            self.refuse(field, refused.reason, refused.message)
            return cast("T", None)

    def refuse(self, field: str, reason: str, message: str) -> None:
        """Add a violation."""
        self._violations.append(Violation(field, reason, message))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._violations:
            raise InvalidRequest(tuple(self._violations))
