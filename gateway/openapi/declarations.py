"""What the .proto files say beside the shapes: comments, behaviour, deprecation and redaction.

One file is read when something of it is first asked for: the google files are long, and little of them is ever shown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.image import Image

_BEHAVIOR = "google.api.field_behavior"
# Numbers of google.api.FieldBehavior.
_REQUIRED = 2
_OUTPUT_ONLY = 3
_INPUT_ONLY = 4
_NO_SIDE_EFFECTS = 1  # google.protobuf.MethodOptions.IdempotencyLevel

# Field numbers of descriptor.proto, of which the paths of a SourceCodeInfo.Location are made.
_FILE_MESSAGES, _FILE_ENUMS, _FILE_SERVICES = 4, 5, 6
_MESSAGE_FIELDS, _MESSAGE_MESSAGES, _MESSAGE_ENUMS, _MESSAGE_ONEOFS = 2, 3, 4, 8
_ENUM_VALUES = _SERVICE_METHODS = 2

_LIST_MARKS = ("- ", "* ", "    ", "|")
# How Google's comments point at other declarations: `[Operation][google.longrunning.Operation]`.
_REFERENCE = re.compile(r"\[([^\]\n]+)\]\[[\w.\s]*\]")


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared thing: a message, field, oneof, enum, enum value, service or method."""

    comment: str = ""
    """Its leading comment, or the one behind it, as Markdown."""
    is_deprecated: bool = False
    is_redacted: bool = False
    is_required: bool = False
    is_output_only: bool = False
    is_input_only: bool = False
    has_no_side_effects: bool = False


_UNDECLARED = Declaration()


class Declarations:
    """The declarations of one image, by full name; an enum's value goes by `<enum>.<value>`."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._files = {file.name: file for file in image.files}
        self._read: dict[str, dict[str, Declaration]] = {}

    def of(self, descriptor: Any, member: str = "") -> Declaration:
        """Return what is declared of a descriptor, or of its `member`: a field's, oneof's, value's or method's name."""
        file = descriptor.file.name
        if file not in self._read:
            self._read[file] = dict(self._declared(self._files[file])) if file in self._files else {}
        name = f"{descriptor.full_name}.{member}" if member else descriptor.full_name
        return self._read[file].get(name, _UNDECLARED)

    def _declared(self, file: Any) -> Iterator[tuple[str, Declaration]]:
        comments = {tuple(place.path): _text(place) for place in file.source_code_info.location if _has_text(place)}
        for path, name, proto in _walk(file):
            yield name, self._declaration(proto, comments.get(path, ""))

    def _declaration(self, proto: Any, comment: str) -> Declaration:
        kind = proto.DESCRIPTOR.name
        options = proto.options
        behaviors = (self._image.option(proto, _BEHAVIOR) or ()) if kind == "FieldDescriptorProto" else ()
        return Declaration(
            comment,
            is_deprecated=kind != "OneofDescriptorProto" and options.deprecated,
            is_redacted=kind == "FieldDescriptorProto" and options.debug_redact,
            is_required=_REQUIRED in behaviors,
            is_output_only=_OUTPUT_ONLY in behaviors,
            is_input_only=_INPUT_ONLY in behaviors,
            has_no_side_effects=kind == "MethodDescriptorProto" and options.idempotency_level == _NO_SIDE_EFFECTS,
        )


_Path = tuple[int, ...]


def _walk(file: Any) -> Iterator[tuple[_Path, str, Any]]:
    """Yield everything that a file declares: its path in the source info, its full name, its proto."""
    scope = f"{file.package}." if file.package else ""
    for index, message in enumerate(file.message_type):
        yield from _walk_message((_FILE_MESSAGES, index), scope, message)
    for index, enum in enumerate(file.enum_type):
        yield from _walk_enum((_FILE_ENUMS, index), scope, enum)
    for index, service in enumerate(file.service):
        path, name = (_FILE_SERVICES, index), f"{scope}{service.name}"
        yield path, name, service
        for place, method in enumerate(service.method):
            yield (*path, _SERVICE_METHODS, place), f"{name}.{method.name}", method


def _walk_message(path: _Path, scope: str, message: Any) -> Iterator[tuple[_Path, str, Any]]:
    name = f"{scope}{message.name}"
    yield path, name, message
    for index, field in enumerate(message.field):
        yield (*path, _MESSAGE_FIELDS, index), f"{name}.{field.name}", field
    for index, oneof in enumerate(message.oneof_decl):
        yield (*path, _MESSAGE_ONEOFS, index), f"{name}.{oneof.name}", oneof
    for index, nested in enumerate(message.nested_type):
        yield from _walk_message((*path, _MESSAGE_MESSAGES, index), f"{name}.", nested)
    for index, enum in enumerate(message.enum_type):
        yield from _walk_enum((*path, _MESSAGE_ENUMS, index), f"{name}.", enum)


def _walk_enum(path: _Path, scope: str, enum: Any) -> Iterator[tuple[_Path, str, Any]]:
    name = f"{scope}{enum.name}"
    yield path, name, enum
    for index, value in enumerate(enum.value):
        yield (*path, _ENUM_VALUES, index), f"{name}.{value.name}", value


def _has_text(place: Any) -> bool:
    return bool(place.leading_comments or place.trailing_comments)


def _text(place: Any) -> str:
    """Return a comment as Markdown: a paragraph a line, lists and indented text as they stand."""
    comment = _REFERENCE.sub(r"`\1`", place.leading_comments or place.trailing_comments)
    lines = (line.removeprefix(" ").rstrip() for line in comment.split("\n"))
    paragraphs = "\n".join(lines).strip("\n").split("\n\n")
    return "\n\n".join(filter(None, map(_unwrapped, paragraphs)))


def _unwrapped(paragraph: str) -> str:
    lines = paragraph.strip("\n").split("\n")
    if any(line.startswith(_LIST_MARKS) for line in lines):
        return "\n".join(lines)
    return " ".join(paragraph.split())
