"""What a field's descriptor says, for the cases that its type leaves open."""

from collections.abc import Mapping

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass


def message_of(field: FieldDescriptor) -> Descriptor:
    """Return the message type of a field that is known to have one."""
    if field.message_type is None:
        raise TypeError(f"{field.full_name} is no message")
    return field.message_type


def enum_of(field: FieldDescriptor) -> EnumDescriptor:
    """Return the enum type of a field that is known to have one."""
    if field.enum_type is None:
        raise TypeError(f"{field.full_name} is no enum")
    return field.enum_type


def is_map(field: FieldDescriptor) -> bool:
    """Tell whether a field is a map.

    Asked of an empty message, since the option `map_entry` could only be read through the default pool (`image.py`).
    """
    if field.message_type is None or not field.is_repeated or field.is_extension or field.containing_type is None:
        return False
    empty = GetMessageClass(field.containing_type)()
    return isinstance(getattr(empty, field.name), Mapping)


def entry_of(field: FieldDescriptor) -> tuple[FieldDescriptor, FieldDescriptor]:
    """Return the fields `key` and `value` of a map's entries."""
    fields = message_of(field).fields_by_name
    return fields["key"], fields["value"]
