"""What a reader leaves of a JSON object: nulls, empty lists and maps, other spellings, extensions, unknown members."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.codec.containers import Fill
from gateway.codec.fault import UNKNOWN_FIELD, Fault

_WORDS: dict[type, str] = {list: "an array", dict: "an object"}


class Rest:
    """Reads what is left of the objects of one message type.

    `containers` has every key that the reader knows, with `list` or `dict` when its value is one; `others` has the
    other spellings of these keys; `extension` finds the setter of a key such as `[full.name]`.
    """

    def __init__(
        self,
        containers: Mapping[str, type | None],
        others: Mapping[str, str],
        extension: Callable[[str], Callable[[Any, Any], None] | None],
        *,
        ignore_unknown: bool,
    ) -> None:
        self._containers = containers
        self._others = others
        self._extension = extension
        self._ignore_unknown = ignore_unknown

    def __call__(self, value: dict[str, Any], message: Any, fill: Fill) -> None:
        """Read what `fill` left of `value`; whatever it was, the message is there in its parent."""
        message.SetInParent()
        spelled: dict[str, str] = {}
        for key, item in value.items():
            try:
                self._member(key, item, message, spelled)
            except Fault as fault:
                raise fault.under(key)  # noqa: B904  # the same one
        if spelled:
            self._respelled(value, message, fill, spelled)

    def _member(self, key: str, item: Any, message: Any, spelled: dict[str, str]) -> None:
        if key in self._containers:
            _check_empty(item, self._containers[key])
        elif key in self._others:
            if self._others[key] in spelled:
                raise _in_two_spellings(self._others[key])
            spelled[self._others[key]] = key
        elif (set_extension := self._extension(key)) is not None:
            set_extension(message, item)
        elif not self._ignore_unknown:
            raise Fault("there is no such field", UNKNOWN_FIELD)

    def _respelled(self, value: dict[str, Any], message: Any, fill: Fill, spelled: dict[str, str]) -> None:
        """Read the members in other spellings as the reader would have; a fault names them as the client did."""
        for name, key in spelled.items():
            if name in value:
                raise _in_two_spellings(name).under(key)
        try:
            fill({name: value[key] for name, key in spelled.items()}, message)
        except Fault as fault:
            raise fault.respelled(spelled)  # noqa: B904  # the same one


def _check_empty(item: Any, container: type | None) -> None:
    """Refuse false, 0 and the like in place of an empty array or object, which the reader passes over."""
    if container is not None and item is not None and type(item) is not container:
        raise Fault(f"{_WORDS[container]} is expected")


def _in_two_spellings(name: str) -> Fault:
    return Fault(f"is {name} in another spelling, which is there too")
