"""Repeated fields and maps from JSON arrays and objects, as the generated readers call for them.

A scalar's `kind` is the type whose values protobuf takes as they are (None: there is no such type) and `convert` reads
all others. A converter that returns None leaves its element out: an enum's name that may be unknown.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gateway.codec.fault import Fault, refusal
from gateway.codec.scalars import Convert

Fill = Callable[[Any, Any], None]
"""Puts a JSON value into a message that is empty so far, and lets it be there in its parent; raises Fault."""


def fill_scalars(value: Any, target: Any, kind: type | None, convert: Convert) -> None:
    """Append the elements of an array to a repeated field."""
    if type(value) is not list:
        raise Fault("an array is expected")
    try:
        for item in value:
            if type(item) is not kind:
                target.extend([convert(item) for item in value])
                return
        target.extend(value)
    except (Fault, ValueError, TypeError):
        _append_each(value, target, convert)


def fill_messages(value: Any, target: Any, fill: Fill) -> None:
    """Append the elements of an array to a repeated field of messages."""
    if type(value) is not list:
        raise Fault("an array is expected")
    add = target.add
    try:
        for item in value:
            fill(item, add())
    except Fault as fault:
        raise fault.under(f"[{len(target) - 1}]")  # noqa: B904  # the same one


def fill_scalar_map(value: Any, target: Any, read_key: Convert | None, kind: type | None, convert: Convert) -> None:
    """Put the members of an object into a map. `read_key` is None where a key is text."""
    for key, item in _entries(value, read_key):
        try:
            element = item if type(item) is kind else convert(item)
            if element is not None:
                target[key] = element
        except Fault as fault:
            raise fault.under(f"[{key}]")  # noqa: B904  # the same one
        except ValueError as error:
            raise refusal(error).under(f"[{key}]") from None


def fill_message_map(value: Any, target: Any, read_key: Convert | None, fill: Fill) -> None:
    """Put the members of an object into a map of messages. `read_key` is None where a key is text."""
    for key, item in _entries(value, read_key):
        try:
            fill(item, target[key])
        except Fault as fault:
            raise fault.under(f"[{key}]")  # noqa: B904  # the same one
        except ValueError as error:
            raise refusal(error).under(f"[{key}]") from None


def _append_each(items: list[Any], target: Any, convert: Convert) -> None:
    """Append one by one, and raise the fault of the first bad element with its index."""
    del target[:]
    for index, item in enumerate(items):
        try:
            element = convert(item)
        except Fault as fault:
            raise fault.under(f"[{index}]")  # noqa: B904  # the same one
        if element is not None:
            target.append(element)


def _entries(value: Any, read_key: Convert | None) -> Iterable[tuple[Any, Any]]:
    """Return the keys and JSON values of a map's object; protobuf itself refuses a key that is no UTF-8."""
    if type(value) is not dict:
        raise Fault("an object is expected")
    return value.items() if read_key is None else _read_keys(value, read_key).items()


def _read_keys(value: dict[str, Any], read_key: Convert) -> dict[Any, Any]:
    entries: dict[Any, Any] = {}
    for text, item in value.items():
        try:
            key = read_key(text)
        except Fault as fault:
            raise fault.under(f"[{text}]")  # noqa: B904  # the same one
        if key in entries:
            raise Fault("the key stands twice in one map").under(f"[{text}]")
        entries[key] = item
    return entries
