"""Events of every class, and their schemas as a reader of the document has them."""

import types
import typing
from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker

from domain.audit.registry import EVENT_TYPES
from domain.shared.events import Event
from server.feed.document import asyncapi_document

Validator = Callable[[str, str], Draft7Validator]


def _values(hint: typing.Any) -> st.SearchStrategy[typing.Any]:
    if hint is str:
        return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return st.one_of(st.none() if arg is type(None) else _values(arg) for arg in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return st.lists(_values(typing.get_args(hint)[0]), max_size=4).map(tuple)
    return {int: st.integers(0, 2**31), bool: st.booleans(), UUID: st.uuids()}[hint]


def _examples(event: type[Event]) -> st.SearchStrategy[Event]:
    hints = typing.get_type_hints(event)
    return st.builds(event, **{each.name: _values(hints[each.name]) for each in fields(event)})


@pytest.fixture(scope="session")
def any_event() -> st.SearchStrategy[Event]:
    """Whatever may happen."""
    return st.sampled_from(sorted(EVENT_TYPES.values(), key=lambda event: event.type)).flatmap(_examples)


@pytest.fixture(scope="session")
def validator() -> Validator:
    """Return what checks a message's `headers` or `payload`: `validator("user.deleted", "payload")`."""
    document = asyncapi_document()

    def make(event_type: str, part: str) -> Draft7Validator:
        schema = document["components"]["messages"][event_type][part]
        return Draft7Validator({**schema, "components": document["components"]}, format_checker=FormatChecker())

    return make
