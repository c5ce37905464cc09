"""What is wrong with a JSON value, and where."""

from collections.abc import Mapping

INVALID_VALUE = "INVALID_VALUE"
UNKNOWN_FIELD = "UNKNOWN_FIELD"
MALFORMED_JSON = "MALFORMED_JSON"


class Fault(Exception):  # the field's word; it becomes a refusal, not an error of ours
    """A value that does not fit its field. `reason` is for programs, the message for people."""

    def __init__(self, message: str, reason: str = INVALID_VALUE) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self._parts: list[str] = []

    def under(self, part: str) -> "Fault":
        """Say that the fault lies within `part`: a field's name, or `[index or key]`."""
        self._parts.append(part)
        return self

    def respelled(self, spelled: Mapping[str, str]) -> "Fault":
        """Call the outermost part what `spelled` says it is called."""
        if self._parts:
            self._parts[-1] = spelled.get(self._parts[-1], self._parts[-1])
        return self

    @property
    def path(self) -> str:
        """The JSON path at fault, such as `user.tags[2]`; empty for the whole value.

        A key may hold half a surrogate pair, which no answer could carry: it becomes a question mark.
        """
        path = ""
        for part in reversed(self._parts):
            path += part if part.startswith("[") or not path else f".{part}"
        return path.encode(errors="replace").decode()


class EncodeError(ValueError):
    """A message cannot be written as JSON, for example a Timestamp out of its range."""


def refusal(error: ValueError) -> Fault:
    """Return the fault of what protobuf did not take: text without UTF-8, or a number beyond its field's range."""
    if isinstance(error, UnicodeError):
        return Fault("the string holds half a surrogate pair")
    return Fault("the number is out of range")


def only_one(oneof: str, other: str) -> Fault:
    """Return the fault of a member of a oneof whose member `other` is set already."""
    return Fault(f"only one of {oneof} may be set, and {other} is")
