"""How a package's fields look in JSON."""

from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.codec.fault import EncodeError, Fault


@dataclass(frozen=True, slots=True)
class JsonStyle:
    """The choices ProtoJSON leaves to a service; the defaults are the standard's."""

    proto_names: bool = False
    """Write `full_name` rather than `fullName`; an explicit json_name wins over both."""
    print_defaults: bool = False
    """Write fields without presence also when they hold their default."""
    ignore_unknown: bool = False
    """Pass over unknown fields of a body, and over unknown names of enums in it."""
    enums_as_numbers: bool = False
    """Write an enum's number rather than its name."""
    case_insensitive_enums: bool = False
    """Read an enum's name whatever the case of its letters."""

    def name(self, field: FieldDescriptor) -> str:
        """Return the name `field` is written with."""
        explicit = field.json_name != camel_case(field.name)
        return field.name if self.proto_names and not explicit else json_name(field)

    def spellings(self, field: FieldDescriptor) -> tuple[str, ...]:
        """Return every name that is read as `field`, the written one first."""
        return tuple(dict.fromkeys((self.name(field), json_name(field), field.name)))

    def keys(self, message: Descriptor) -> tuple[dict[str, FieldDescriptor], dict[str, str]]:
        """Return the key that each field is read by, and the key that every other spelling stands for.

        Where two fields' names clash in JSON (proto2 lets them), a name written wins over one only read, and the later
        field over the earlier.
        """
        owners = {self.name(field): field for field in message.fields}
        for field in message.fields:
            for spelling in self.spellings(field):
                owners.setdefault(spelling, field)
        keys: dict[str, FieldDescriptor] = {}
        others: dict[str, str] = {}
        for field in message.fields:
            first, *rest = [
                spelling for spelling in self.spellings(field) if owners[spelling].number == field.number
            ] or [""]
            if first:
                keys[first] = field
            others |= dict.fromkeys(rest, first)
        return keys, others

    def field(self, message: Descriptor, name: str) -> FieldDescriptor | None:
        """Return the field of `message` that JSON calls `name`."""
        found = message.fields_by_name.get(name)
        return found or message.fields_by_camelcase_name.get(name) or _by_json_name(message, name)

    def mask_path(self, path: str) -> str:
        """Return the proto path of one path of a field mask in JSON; Fault when it is none."""
        if not self.proto_names and "_" in path:
            raise Fault(f"{path!r}: a field mask is written in lowerCamelCase")
        return "".join(f"_{char.lower()}" if "A" <= char <= "Z" else char for char in path)

    def mask_text(self, path: str) -> str:
        """Return a proto path as JSON writes it; EncodeError when that cannot be read back."""
        if self.proto_names:
            return path
        camel = ".".join(camel_case(part) for part in path.split("."))
        if "_" in camel or self.mask_path(camel) != path:
            raise EncodeError(f"the field mask path {path!r} has no JSON form")
        return camel


def camel_case(name: str) -> str:
    """Return the JSON name that protoc derives from a field's name: underscores go, the letter after one is upper."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def json_name(field: FieldDescriptor) -> str:
    """Return the field's JSON name, explicit or derived."""
    name: Any = field.json_name  # type: ignore[attr-defined, unused-ignore]  # the stubs lack it in some versions
    return str(name)


def _by_json_name(message: Descriptor, name: str) -> FieldDescriptor | None:
    return next((field for field in message.fields if json_name(field) == name), None)
