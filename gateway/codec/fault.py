"""What is wrong with a JSON value, and where."""

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
