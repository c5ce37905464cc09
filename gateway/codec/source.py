"""The Python functions that a codec makes from descriptors, and the names they see.

What a codec in Python pays for is the interpreter's work a field, so readers and writers are generated: straight-line
code with the field's name in place, no loop over descriptors and no call a field. The text is made of descriptors
alone: a field's name is an identifier or stands quoted, everything else is bound to a name made here.
"""

from itertools import count
from keyword import iskeyword
from typing import Any

from google.protobuf.descriptor import FieldDescriptor


class Source:
    """Functions made so far, by name; each sees all the others and what is bound here."""

    def __init__(self, **bound: Any) -> None:
        self._scope: dict[str, Any] = bound
        self._numbers = count(1)

    def __getitem__(self, name: str) -> Any:
        return self._scope[name]

    def name(self, kind: str) -> str:
        """Return a name that is still free, such as `message7`."""
        return f"{kind}{next(self._numbers)}"

    def bind(self, kind: str, value: Any) -> str:
        """Give a value a name and return the name."""
        name = self.name(kind)
        self._scope[name] = value
        return name

    def put(self, name: str, value: Any) -> None:
        """Give a value a name from `name`."""
        self._scope[name] = value

    def define(self, name: str, parameters: str, body: list[str]) -> Any:
        """Make the function `name` of lines and return it."""
        text = f"def {name}({parameters}):\n" + "".join(f"    {line}\n" for line in body)
        exec(compile(text, f"<codec {name}>", "exec"), self._scope)  # noqa: S102  # made of descriptors alone
        return self._scope[name]

    def value(self, field: FieldDescriptor) -> str:
        """Return the expression for a field of the message `m`."""
        if field.is_extension:
            return f"m.Extensions[{self.bind('extension', field)}]"
        return f"m.{field.name}" if _is_plain(field) else f"getattr(m, {field.name!r})"

    def assignment(self, field: FieldDescriptor, value: str) -> str:
        """Return the statement that sets a single, scalar field of the message `m` to an expression."""
        if field.is_extension or _is_plain(field):
            return f"{self.value(field)} = {value}"
        return f"setattr(m, {field.name!r}, {value})"


def _is_plain(field: FieldDescriptor) -> bool:
    return field.name.isidentifier() and not iskeyword(field.name)
