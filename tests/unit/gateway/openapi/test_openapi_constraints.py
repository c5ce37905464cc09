"""Which words of a comment are limits."""

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from gateway.openapi.constraints import of_list, of_value

_KINDS = {"text": 9, "number": 5, "score": 1, "flag": 8, "big": 3}


def _field(kind: str) -> Any:
    file = descriptor_pb2.FileDescriptorProto(name=f"{kind}.proto", package=f"limits.{kind}", syntax="proto3")
    file.message_type.add(name="One").field.add(name="value", number=1, type=_KINDS[kind], label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"limits.{kind}.One")).DESCRIPTOR.fields[0]


@pytest.mark.parametrize(
    ("kind", "comment", "keywords"),
    [
        ("text", "2 to 100 characters of any script.", {"minLength": 2, "maxLength": 100}),
        ("text", "What one does, 10 to 2000 characters.", {"minLength": 10, "maxLength": 2000}),
        ("text", "An e-mail address, at most 254 characters.", {"format": "email", "maxLength": 254}),
        ("text", "At least 8 characters.", {"minLength": 8}),
        ("text", "1 to 64 letters, digits.", {"minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9]*$"}),
        (
            "text",
            "Its id: 1 to 64 letters, digits, `-` and `_`. A UUID serves well.",
            {"minLength": 1, "maxLength": 64, "pattern": r"^[A-Za-z0-9\-_]*$"},
        ),
        ("text", "UUID.", {"format": "uuid"}),
        ("text", "A slug, or a UUID of one's own.", {}),
        ("text", "`YYYY-MM-DD`; at least 13 years ago.", {"format": "date"}),
        ("text", "Always `Bearer`.", {"const": "Bearer"}),
        ("text", "For people, for example `Concierge`.", {"examples": ["Concierge"]}),
        ("text", "1 to 10 ids.", {}),
        ("number", "From 1 up.", {}),
        ("number", "Its place, from 1.", {"minimum": 1}),
        ("number", "Its place, from 1; 0 before the first.", {}),
        ("number", "At most this many. 0 means 20, negative is INVALID_ARGUMENT.", {"minimum": 0, "default": 20}),
        ("score", "How well it fits, from 0 to 1. 1: all of it.", {"minimum": 0, "maximum": 1}),
        ("score", "Warmth, from -1.5 to 1.5.", {"minimum": -1.5, "maximum": 1.5}),
        ("score", "A version, from 1.2.3 to 1.2.4.", {}),
        ("flag", "Must be true: the terms are accepted.", {"const": True}),
        ("flag", "Whether it is 2 to 100 characters.", {}),
        ("big", "Its place, from 1.", {}),
    ],
)
def test_a_comment_limits_a_value(kind: str, comment: str, keywords: dict[str, Any]) -> None:
    assert of_value(_field(kind), comment) == keywords


@pytest.mark.parametrize(
    ("comment", "keywords"),
    [
        ("1 to 10 ids, each once.", {"minItems": 1, "maxItems": 10, "uniqueItems": True}),
        ("Names of up to 5 new ones, 2 to 100 characters each.", {"maxItems": 5}),
        ("2 to 100 characters each.", {}),
        ("The newest first.", {}),
    ],
)
def test_a_comment_limits_a_list(comment: str, keywords: dict[str, Any]) -> None:
    assert of_list(comment) == keywords
