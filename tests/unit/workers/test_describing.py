"""What a dead letter says of an error."""

import pytest
from sqlalchemy.exc import DBAPIError

from domain.audit.errors import EventBroken, EventTooLarge, UnknownEventType
from domain.audit.registry import decode
from workers.describing import describe, reason_of


class Refused(Exception):
    sqlstate = "22003"


def broken(**changes: object) -> EventBroken:
    data = {"user_id": "d9f5a6d4-6f8e-4a3c-9ed4-0c6a7b1f2e3d", "email": None, "full_name": None} | changes
    with pytest.raises(EventBroken) as caught:
        decode("user.registered", 2, {name: value for name, value in data.items() if value is not ...})
    return caught.value


def test_an_unreadable_event_has_a_reason_of_its_own():
    assert reason_of(UnknownEventType("so")) == "UNKNOWN_EVENT_TYPE"
    assert reason_of(EventTooLarge("so")) == "EVENT_TOO_LARGE"
    assert reason_of(ValueError("so")) == "HANDLER_FAILED"


def test_of_a_broken_event_the_field_is_named_and_no_value():
    assert describe(broken(email=...)) == "EventBroken: the field 'email' is missing"
    said = describe(broken(user_id="Ann Lee"))
    assert said == "EventBroken: a field's value is not of its type (ValueError)"


def test_of_the_database_only_the_code_is_kept():
    error = DBAPIError("INSERT …", {"name": "Ann Lee"}, Refused("Ann Lee is out of range"))
    assert describe(error) == "DBAPIError: the database refused with SQLSTATE 22003"


def test_whatever_it_says_fits_the_table():
    said = describe(ValueError("a\0b \udc80 " + "x" * 600))
    assert said.startswith("ValueError: ab ? xxx")
    assert len(said) <= 500
    assert said.encode()
