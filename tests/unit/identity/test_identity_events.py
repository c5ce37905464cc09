"""Events of accounts and sessions."""

from uuid import UUID

import pytest

from domain.identity import errors, events
from domain.shared.errors import DomainError
from domain.shared.events import Event, event_types
from fluentpro.contract.v1 import error_reason_pb2

ONE, TWO = UUID(int=1), UUID(int=2)
EXAMPLES = [
    events.UserRegistered(user_id=ONE),
    events.UserLoggedIn(user_id=ONE, session_id=TWO),
    events.UserLoggedOut(user_id=ONE, session_id=TWO),
    events.UserProfileUpdated(user_id=ONE, fields=("full_name",)),
    events.SessionCreated(session_id=ONE, user_id=TWO),
    events.SessionRefreshed(session_id=ONE, generation=3),
    events.SessionRevoked(session_id=ONE, user_id=TWO, cause=events.Revocation.LOGGED_OUT),
    events.SessionReuseDetected(session_id=ONE, user_id=TWO, generation=3),
]


def test_every_event_of_the_area_has_an_example():
    ours = {name for name, cls in event_types().items() if cls.__module__ == events.__name__}
    assert ours == {example.type for example in EXAMPLES}


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_an_event_survives_being_written_and_read(event: Event):
    assert type(event).from_dict(event.to_dict()) == event
    assert event.stream_id == f"{event.aggregate}-{ONE}"
    assert event.type.startswith(f"{event.aggregate}.")


def test_every_reason_of_the_area_stands_in_the_contract():
    reasons = [
        one.reason
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, DomainError) and one is not DomainError
    ]
    assert len(reasons) == 8
    assert all(f"ERROR_REASON_{reason}" in error_reason_pb2.ErrorReason.keys() for reason in reasons)  # noqa: SIM118
