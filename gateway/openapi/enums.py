"""JSON Schemas of enums."""

from google.protobuf.descriptor import EnumDescriptor

from gateway.codec.names import JsonStyle
from gateway.openapi.components import Schema
from gateway.openapi.declarations import Declarations

# How a contract's comments say that a value is none (reference/openapi.md).
_NEVER = "Never sent"


def enum_schema(enum: EnumDescriptor, style: JsonStyle, declarations: Declarations) -> Schema:
    """Return the schema of an enum: the values that are ever sent, with what their comments say."""
    declared = {value: declarations.of(enum, value.name) for value in enum.values}
    shown = {value: said for value, said in declared.items() if not said.comment.startswith(_NEVER)}
    schema: Schema = {"type": "string", "enum": [value.name for value in shown]}
    if style.enums_as_numbers:
        schema = {"type": "integer", "enum": sorted({value.number for value in shown})}
    values = "\n".join(f"- `{value.name}`: {said.comment}" for value, said in shown.items() if said.comment)
    if description := "\n\n".join(filter(None, [declarations.of(enum).comment, values])):
        schema["description"] = description
    if deprecated := [value.name for value, said in shown.items() if said.is_deprecated]:
        schema["x-deprecated-values"] = deprecated
    return schema
