"""The update mask of a PATCH: what its body names, when the client does not say.

A field set to null is named too, and so cleared. Fields that the path binds and OUTPUT_ONLY ones never belong to a
mask: derived masks leave them out, explicit ones that name them are refused.
"""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.codec.fault import Fault
from gateway.codec.fields import message_of
from gateway.codec.names import JsonStyle
from gateway.codec.well_known import SPECIAL
from gateway.image import Image

MASK_FIELD = "update_mask"
_FIELD_MASK = "google.protobuf.FieldMask"
_OUTPUT_ONLY = 3  # google.api.FieldBehavior


class UpdateMask:
    """The mask of one PATCH route, over the message in the request's field `body`."""

    def __init__(self, body: FieldDescriptor, image: Image, style: JsonStyle, path_fields: frozenset[str]) -> None:
        self._resource: Descriptor = message_of(body)
        self._image = image
        self._style = style
        prefix = f"{body.name}."
        self._bound = {name.removeprefix(prefix) for name in path_fields if name.startswith(prefix)}
        self._output_only: dict[str, frozenset[str]] = {}

    def apply(self, request: Any, body: Any) -> None:
        """Fill the request's mask from the body's keys, or check the mask that is there."""
        mask = request.update_mask
        if not request.HasField(MASK_FIELD):
            mask.SetInParent()  # also when it stays empty: nothing named is not everything
            mask.paths.extend(self._named(self._resource, body or {}, ""))
            return
        for path in mask.paths:
            if self._is_closed(path):
                raise Fault(f"{path} cannot be updated", "IMMUTABLE_FIELD").under(MASK_FIELD)

    def _named(self, message: Descriptor, body: dict[str, Any], prefix: str) -> list[str]:
        paths: list[str] = []
        for key, value in body.items():
            field = self._style.field(message, key)
            if field is None or self._is_closed(path := f"{prefix}{field.name}"):
                continue
            if value and _is_open(field) and isinstance(value, dict):
                paths += self._named(message_of(field), value, f"{path}.")
            else:
                paths.append(path)
        return paths

    def _is_closed(self, path: str) -> bool:
        if path in self._bound:
            return True
        message: Descriptor | None = self._resource
        for name in path.split("."):
            if message is None or name not in message.fields_by_name:
                return False
            if name in self._closed_fields(message):
                return True
            message = message.fields_by_name[name].message_type
        return False

    def _closed_fields(self, message: Descriptor) -> frozenset[str]:
        known = self._output_only.get(message.full_name)
        if known is None:
            behaviors = self._image.field_options(message, "google.api.field_behavior")
            known = frozenset(name for name, values in behaviors.items() if _OUTPUT_ONLY in values)
            self._output_only[message.full_name] = known
        return known


def has_mask(request: Descriptor) -> bool:
    """Tell whether a request message has an update mask."""
    field = request.fields_by_name.get(MASK_FIELD)
    return field is not None and field.message_type is not None and field.message_type.full_name == _FIELD_MASK


def _is_open(field: FieldDescriptor) -> bool:
    """Tell whether a mask may name single fields within this one."""
    kind = field.message_type
    return kind is not None and not field.is_repeated and kind.full_name not in SPECIAL
