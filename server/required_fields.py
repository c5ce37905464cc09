"""Which fields a message needs, read from the contract's `google.api.field_behavior` once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.api.field_behavior_pb2 import FieldBehavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from gateway.image import Image

_FIELD_BEHAVIOR = "google.api.field_behavior"
_FIELD_MASK = "google.protobuf.FieldMask"
# A zero without presence may well be meant: only these have a default that says nothing.
_EMPTY_SAYS_NOTHING = frozenset(
    [FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_ENUM, FieldDescriptor.TYPE_BOOL]
)

IsMissing: TypeAlias = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What to look at in messages of one type."""

    required: tuple[tuple[str, IsMissing], ...]
    nested: tuple[tuple[str, bool], ...]
    """Fields that hold messages with required fields somewhere below: the name, and whether it is repeated."""


_NOTHING = _Shape((), ())


class RequiredFields:
    """The required fields of every request of an image."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._shapes: dict[str, _Shape] = {}
        for method, _ in image.methods():
            self._compile(method.input_type)

    def missing(self, message: Message, prefix: str = "") -> list[str]:
        """Return the paths of the required fields that `message` lacks, such as `user.email` or `items[2].title`."""
        shape = self._shapes.get(message.DESCRIPTOR.full_name)
        if shape is None:
            return []
        found = [prefix + name for name, is_missing in shape.required if is_missing(message)]
        for name, is_repeated in shape.nested:
            for path, inner in _inner(message, prefix + name, name, is_repeated=is_repeated):
                found += self.missing(inner, f"{path}.")
        return found

    def _compile(self, descriptor: Descriptor) -> None:
        if descriptor.full_name in self._shapes:
            return
        behaviors = self._image.field_options(descriptor, _FIELD_BEHAVIOR)
        names = [name for name, values in behaviors.items() if FieldBehavior.Value("REQUIRED") in values]
        required = tuple((name, _is_missing(descriptor.fields_by_name[name])) for name in names)
        # Set first: messages may hold themselves.
        self._shapes[descriptor.full_name] = _Shape(required, ())
        nested = tuple(self._nested(descriptor))
        self._shapes[descriptor.full_name] = _Shape(required, nested)

    def _nested(self, descriptor: Descriptor) -> Iterator[tuple[str, bool]]:
        if _has_mask(descriptor):
            return  # a partial update: what is absent stays as it is
        for field in descriptor.fields:
            inner = field.message_type
            # map_entry is a standard option, so it may be read through the process's default pool.
            if inner is not None and not inner.GetOptions().map_entry:
                is_recursive = inner.full_name in self._shapes
                self._compile(inner)
                if is_recursive or self._shapes[inner.full_name] != _NOTHING:
                    yield field.name, field.is_repeated


def _is_missing(field: FieldDescriptor) -> IsMissing:
    name = field.name
    if field.is_repeated:
        return lambda message: len(getattr(message, name)) == 0
    if field.has_presence:
        return lambda message: not message.HasField(name)
    if field.type in _EMPTY_SAYS_NOTHING:
        return lambda message: not getattr(message, name)
    return lambda _message: False


def _has_mask(descriptor: Descriptor) -> bool:
    return any(
        field.message_type is not None and field.message_type.full_name == _FIELD_MASK for field in descriptor.fields
    )


def _inner(message: Any, path: str, name: str, *, is_repeated: bool) -> Iterator[tuple[str, Message]]:
    if is_repeated:
        yield from ((f"{path}[{index}]", inner) for index, inner in enumerate(getattr(message, name)))
    elif message.HasField(name):
        yield path, getattr(message, name)
