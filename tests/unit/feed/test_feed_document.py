"""The AsyncAPI document says of every event what the relay makes of it."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies as st
from typer import Exit

from adapters.bus.entries import Announced, entry_fields
from domain.audit.registry import EVENT_TYPES
from server.asyncapi_command import write
from server.feed.document import asyncapi_document
from server.feed.page import events_page
from server.feed.schemas import data_schema
from server.feed.serving import asyncapi_text

REFERENCE = Path(__file__).parents[3] / "docs/reference"
RELEASED = Path(__file__).with_name("released.json")
SEALED = {"enc": "c2VhbGVk"}
META = {"correlation_id": "7c9e", "actor": "anonymous", "causation_id": None}


def _announced(event, **changed) -> Announced:
    """The event as the relay reads it out of the store, what is personal sealed."""
    data = {name: SEALED if name in event.personal_fields() else value for name, value in event.to_dict().items()}
    given = {
        "position": 7,
        "stream_id": event.stream_id,
        "version": 3,
        "event_id": UUID(int=9),
        "type": event.type,
        "schema_version": event.schema_version,
        "occurred_at": datetime(2026, 11, 23, tzinfo=UTC),
        "meta": META,
        "data": data,
    }
    return Announced(**(given | changed))


def _as_read(event: Announced) -> dict[str, str]:
    """The entry as a client has it: strings."""
    names, values = entry_fields(event)[::2], entry_fields(event)[1::2]
    texts = [value.decode() if isinstance(value, bytes) else str(value) for value in values]
    return dict(zip(map(str, names), texts, strict=True))


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_what_the_relay_adds_is_what_the_document_says(data, any_event, validator):
    event = data.draw(any_event)
    entry = _as_read(_announced(event))
    payload = json.loads(entry.pop("data"))
    validator(event.type, "headers").validate(entry)
    validator(event.type, "payload").validate(payload)
    assert payload == {name: value for name, value in event.to_dict().items() if name not in event.personal_fields()}
    assert payload.keys() == data_schema(type(event))["properties"].keys()


@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_data_that_was_left_out_is_described_too(data, any_event, validator):
    event = data.draw(any_event)
    entry = _as_read(_announced(event, data=None))
    assert entry.pop("data") == ""
    validator(event.type, "headers").validate(entry)
    assert entry["data_omitted"] == "1"


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_the_schemas_refuse_what_no_relay_adds(data, any_event, validator):
    event = data.draw(any_event)
    entry, payload = _as_read(_announced(event)), event.to_dict()
    missing = data.draw(st.sampled_from(sorted(data_schema(type(event))["required"])))
    del payload[missing]
    assert not validator(event.type, "payload").is_valid(payload)
    assert not validator(event.type, "payload").is_valid({**payload, missing: 1.5})
    for wrong in ({"version": "0"}, {"stream_id": "user-1"}, {"type": "user.cloned"}, {"event_id": 7}):
        assert not validator(event.type, "headers").is_valid(entry | wrong)


def test_no_personal_field_is_in_the_document():
    for event_type, event in EVENT_TYPES.items():
        assert not set(event.personal_fields()) & data_schema(event)["properties"].keys()
        about = asyncapi_document()["components"]["messages"][event_type]
        assert tuple(about.get("x-personal-fields", ())) == event.personal_fields()


def test_every_reference_leads_somewhere_and_every_event_is_in_one_channel():
    document = asyncapi_document()
    for target in _references(document):
        found = document
        for step in target.removeprefix("#/").split("/"):
            found = found[step]
    channels = document["channels"].values()
    assert sorted(name for channel in channels for name in channel["messages"]) == sorted(EVENT_TYPES)
    # In AsyncAPI braces are a parameter; filled in, the address is the key, whose braces are literal.
    assert [_filled_in(channel) for channel in channels] == [channel["address"] for channel in channels]


def _references(node) -> list[str]:
    if isinstance(node, list):
        return [each for item in node for each in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [each for value in node.values() for each in _references(value)]


def _filled_in(channel) -> str:
    address = channel["address"]
    for name, parameter in channel["parameters"].items():
        (value,) = parameter["enum"]
        address = address.replace(f"{{{name}}}", value)
    return address


@pytest.mark.parametrize(
    ("name", "text"), [("asyncapi.json", asyncapi_text), ("events.md", events_page)], ids=["document", "page"]
)
def test_the_files_in_the_reference_are_as_new(name, text):
    assert (REFERENCE / name).read_text() == text(), f"write docs/reference/{name} anew: `fluentpro asyncapi --help`"


def test_a_schema_that_was_released_is_kept():
    """A consumer relies on it: fields may come and enums grow, nothing else. A new event is added to released.json."""
    now = {event.type: data_schema(event) for event in EVENT_TYPES.values()}
    for event_type, released in json.loads(RELEASED.read_text()).items():
        for field, schema in released.items():
            assert field in now[event_type]["required"], f"{event_type}.{field} is gone"
            today = copy.deepcopy(now[event_type]["properties"][field])
            assert set(schema.pop("enum", ())) <= set(today.pop("enum", ())), f"{event_type}.{field}"
            assert today == schema, f"{event_type}.{field}"


def test_every_event_s_schema_is_kept():
    assert json.loads(RELEASED.read_text()).keys() == EVENT_TYPES.keys()


@pytest.mark.parametrize(("markdown", "text"), [(False, asyncapi_text), (True, events_page)])
def test_the_command_writes_a_file_or_to_stdout(tmp_path, capsys, markdown, text):
    write(tmp_path / "written", markdown=markdown)
    write(None, markdown=markdown)
    assert (tmp_path / "written").read_text() == capsys.readouterr().out == text()


def test_a_place_that_cannot_be_written_is_named(tmp_path, capsys):
    with pytest.raises(Exit):
        write(tmp_path / "nowhere" / "file", markdown=False)
    assert "cannot be written: No such file" in capsys.readouterr().err
