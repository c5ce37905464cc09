"""JSON Schemas of messages and their fields, as the gateway reads and prints them."""

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.codec.fields import entry_of, enum_of, is_map, message_of
from gateway.codec.names import JsonStyle
from gateway.openapi import constraints
from gateway.openapi.components import Components, Form, Schema, View, shape_of
from gateway.openapi.declarations import Declaration, Declarations
from gateway.openapi.enums import enum_schema
from gateway.openapi.scalars import is_null, scalar_schema, well_known_schema

# How a contract's comments say that something may be missing (reference/openapi.md).
_ABSENT = "Absent"


class Messages:
    """Makes the schemas of one document; those of messages and enums go into its components."""

    def __init__(self, components: Components, declarations: Declarations) -> None:
        self._components = components
        self._declarations = declarations

    def message(self, message: Descriptor, view: View) -> Schema:
        """Return the schema of a message: a reference, or that of a well-known type."""
        known = well_known_schema(message)
        if known is not None:
            return known
        return self._components.reference(shape_of(message, view), lambda: self._object(message, view))

    def field(self, field: FieldDescriptor, view: View) -> Schema:
        """Return the schema of a field's whole value, with its comment and the limits that stand in it."""
        declared = self._declared(field)
        schema = self._value(field, view, declared.comment)
        if view.form is Form.PATCH and field.has_presence:
            schema = _nullable(schema)
        if declared.comment:
            schema["description"] = declared.comment
        schema |= _marks(field, declared)
        return schema

    def is_always_there(self, field: FieldDescriptor, style: JsonStyle) -> bool:
        """Tell whether every answer has this field."""
        declared = self._declared(field)
        if not style.print_defaults or declared.is_input_only or field.containing_oneof is not None:
            return False
        return not field.has_presence or (field.message_type is not None and _is_told(declared.comment))

    def _declared(self, field: FieldDescriptor) -> Declaration:
        return self._declarations.of(field.containing_type, field.name)

    def _value(self, field: FieldDescriptor, view: View, comment: str) -> Schema:
        if is_map(field):
            _, value = entry_of(field)
            return {"type": "object", "additionalProperties": self._single(value, view.within(field))}
        single = self._single(field, view.within(field))
        single |= constraints.of_value(field, comment)
        return {"type": "array", "items": single, **constraints.of_list(comment)} if field.is_repeated else single

    def _single(self, field: FieldDescriptor, view: View) -> Schema:
        if field.message_type is not None:
            return self.message(message_of(field), view)
        if is_null(field):
            return {"type": "null"}
        if field.enum_type is None:
            return scalar_schema(field)
        kind, style = enum_of(field), view.style  # an enum looks the same everywhere
        shape = shape_of(kind, View(Form.ANSWER, style))
        return self._components.reference(shape, lambda: enum_schema(kind, style, self._declarations))

    def _object(self, message: Descriptor, view: View) -> Schema:
        fields = [field for field in message.fields if self._is_shown(field, view)]
        properties = {view.style.name(field): self.field(field, view) for field in fields}
        choices = _choices(fields, view.style)
        told = [members for oneof, members in choices.items() if self._is_told(message, oneof, view)]
        variants = [{"oneOf": [_variant(name, properties.pop(name)) for name in members]} for members in told]
        declared = self._declarations.of(message)
        schema: Schema = {
            "type": "object",
            "description": declared.comment,
            "deprecated": declared.is_deprecated,
            "properties": properties,
            "required": [view.style.name(field) for field in fields if self._is_required(field, view)],
            **(variants[0] if len(variants) == 1 else {"allOf": variants}),
            "x-oneof": choices,
        }
        schema = {name: value for name, value in schema.items() if value or name == "properties"}
        if self._is_closed(message, view):
            schema["additionalProperties"] = False
        return schema

    def _is_shown(self, field: FieldDescriptor, view: View) -> bool:
        """Tell whether clients see a field: of a request not what the URL's path says, nor what only answers have."""
        if view.form is Form.ANSWER:
            return True
        return field.name not in view.omitted and not self._declared(field).is_output_only

    def _is_closed(self, message: Descriptor, view: View) -> bool:
        """Tell whether a request with other fields is refused; those that only answers have are passed over."""
        if view.form is Form.ANSWER or view.style.ignore_unknown:
            return False
        return not any(self._declared(field).is_output_only for field in message.fields)

    def _is_required(self, field: FieldDescriptor, view: View) -> bool:
        if view.form is Form.ANSWER:
            return self.is_always_there(field, view.style)
        return view.form is Form.INPUT and self._declared(field).is_required

    def _is_told(self, message: Descriptor, oneof: str, view: View) -> bool:
        """Tell whether answers always have one member of a oneof."""
        is_printed = view.form is Form.ANSWER and view.style.print_defaults
        return is_printed and _is_told(self._declarations.of(message, oneof).comment)


def _is_told(comment: str) -> bool:
    """Tell whether what could be absent never is: there is a comment, and it does not say that it may be."""
    return bool(comment) and _ABSENT not in comment


def _choices(fields: list[FieldDescriptor], style: JsonStyle) -> dict[str, list[str]]:
    """Return the names of the members of each oneof; a oneof of one is no choice."""
    choices: dict[str, list[str]] = {}
    for field in fields:
        if field.containing_oneof is not None:
            choices.setdefault(field.containing_oneof.name, []).append(style.name(field))
    return {oneof: members for oneof, members in choices.items() if len(members) > 1}


def _variant(name: str, schema: Schema) -> Schema:
    return {"title": name, "type": "object", "properties": {name: schema}, "required": [name]}


def _nullable(schema: Schema) -> Schema:
    if isinstance(kind := schema.get("type"), str):
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


def _marks(field: FieldDescriptor, declared: Declaration) -> Schema:
    marks = {
        "deprecated": declared.is_deprecated,
        "readOnly": declared.is_output_only,
        "writeOnly": declared.is_input_only,
    }
    found: Schema = {name: True for name, holds in marks.items() if holds}
    if declared.is_redacted and field.name.endswith("password"):
        found["format"] = "password"
    return found
