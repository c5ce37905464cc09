"""AuditService: what administrators see of the record and do about dead letters, through both doors."""

import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from api.contract import RPCS
from api.learner import Learner
from api.staff import make_admin, plant_dead_letter
from fakes.master_keys import MASTER_KEYS
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.identity.roles import RevokeRole
from domain.shared.clock import system_clock

LIST, VERIFY = "AuditService/ListEvents", "AuditService/VerifyEvents"
LETTERS = "AuditService/ListDeadLetters"
RETRY, DISCARD = "AuditService/RetryDeadLetter", "AuditService/DiscardDeadLetter"
DAY = timedelta(days=1)


@pytest.fixture
def ask(door, owner):
    """Call an RPC as an administrator: `await ask(LIST, type=…)`."""

    async def ask(name: str, **fields: Any) -> Any:
        return await door.call(name, RPCS[name].request(**fields), owner.staff.token)

    return ask


@pytest.fixture
def events(ask):
    async def events(**fields: Any) -> list[Any]:
        return list((await ask(LIST, page_size=100, **fields)).message.events)

    return events


async def test_an_event_is_told_with_everything_but_what_is_sealed(events, learner) -> None:
    (event,) = await events(stream_id=f"user-{learner.user_id}")
    assert (event.type, event.schema_version, event.version) == ("user.registered", 2, 1)
    assert event.stream_id == f"user-{learner.user_id}"
    assert event.actor == "anonymous"
    assert MessageToDict(event.data) == {"user_id": learner.user_id}
    assert list(event.sealed_fields) == ["email", "full_name"]
    assert not event.data_omitted
    assert re.fullmatch("[0-9a-f]{64}", event.hash)
    assert event.position > 0
    assert abs(event.occurred_at.ToDatetime(UTC) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_events_are_found_by_each_argument_and_the_newest_comes_first(product, events, learner) -> None:
    trace = uuid4().hex
    request = RPCS["ConversationService/StartConversation"].request(scenario_id="early_check_in")
    started = await product.grpc.call(
        "ConversationService/StartConversation", request, learner.token, x_request_id=trace
    )
    actor = f"user:{learner.user_id}"
    own = await events(user_id=learner.user_id)
    assert [event.type for event in own] == [
        "conversation.turn_added",
        "conversation.started",
        *[event.type for event in own if event.type in ("session.created", "user.registered")],
    ]
    assert [event.position for event in own] == sorted((event.position for event in own), reverse=True)
    assert await events(actor=actor) == own[:2]
    assert {event.correlation_id for event in own[:2]} == {trace}
    assert await events(stream_id=f"conversation-{started.message.conversation.id}") == own[:2]
    assert await events(user_id=learner.user_id, type="conversation.started") == [own[1]]
    moments = [event.occurred_at.ToDatetime(UTC) for event in own]
    assert await events(user_id=learner.user_id, since=_at(moments[0])) == own[:2]
    assert await events(user_id=learner.user_id, until=_at(moments[0])) == own[2:]
    assert await events(user_id=learner.user_id, since=_at(moments[0] + DAY)) == []
    assert await events(user_id=learner.user_id.upper()) == own


def _at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


async def test_what_nothing_fits_is_an_empty_page(ask) -> None:
    for wanted in ({"stream_id": "user-nobody"}, {"type": "x"}, {"actor": "🙂"}, {"user_id": str(uuid4())}):
        page = (await ask(LIST, **wanted)).message
        assert (list(page.events), page.next_page_token) == ([], "")


async def test_everything_that_is_wrong_with_a_filter_is_told(ask) -> None:
    fields = {"stream_id": "a\0b", "type": "x" * 201, "actor": " \t", "user_id": "nobody"}
    refused = await ask(LIST, **fields)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert sorted(refused.fields) == sorted(fields)
    backwards = await ask(LIST, since=Timestamp(seconds=20), until=Timestamp(seconds=10))
    assert backwards.violations == [("until", "OUT_OF_RANGE")]
    stream = await ask(VERIFY, stream_id="a\0b")
    assert stream.fields == ["stream_id"]


async def test_a_time_that_no_calendar_has_is_refused_by_grpc(product, owner) -> None:
    for stamp in (Timestamp(seconds=10**15), Timestamp(seconds=-(10**15)), Timestamp(nanos=-1)):
        request = RPCS[LIST].request(since=stamp, until=stamp)
        refused = await product.grpc.call(LIST, request, owner.staff.token)
        assert refused.violations == [("since", "OUT_OF_RANGE"), ("until", "OUT_OF_RANGE")]


async def test_a_token_is_good_for_its_own_filter_alone(ask) -> None:
    first = (await ask(LIST, page_size=1)).message
    assert (await ask(LIST, page_size=5, page_token=first.next_page_token)).code == "OK"
    refused = await ask(LIST, type="user.registered", page_token=first.next_page_token)
    assert refused.violations == [("page_token", "INVALID_FORMAT")]


@asynccontextmanager
async def tampered(product, stream_id: str, change: str):
    """Change the first event of a stream as who has the database can, and put it back at the end."""
    statements = (
        "SET LOCAL session_replication_role = replica",
        f"UPDATE event_store SET data = {change} WHERE stream_id = '{stream_id}' AND version = 1",
    )
    async with product.application.connections.reading() as connection:
        found = await connection.execute(
            text("SELECT data::text FROM event_store WHERE stream_id = :id AND version = 1"), {"id": stream_id}
        )
        before = found.scalar_one()
    await _execute(product, *statements)
    yield
    put_back = f"UPDATE event_store SET data = '{before}'::jsonb WHERE stream_id = '{stream_id}' AND version = 1"
    await _execute(product, statements[0], put_back)


async def _execute(product, *statements: str) -> None:
    async with product.application.connections.transaction() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
        await connection.commit()


async def test_the_record_verifies_and_who_touches_it_is_found(product, ask, learner) -> None:
    stream_id = f"user-{learner.user_id}"
    whole = (await ask(VERIFY)).message
    assert whole.valid
    assert not whole.HasField("first_bad")
    assert whole.events >= whole.streams > 1
    async with tampered(product, stream_id, """data || '{"email": null}'"""):
        bad = (await ask(VERIFY, stream_id=stream_id)).message
        assert not bad.valid
        assert (bad.first_bad.stream_id, bad.first_bad.version) == (stream_id, 1)
        assert "hash" in bad.first_bad.fault
        assert not (await ask(VERIFY)).message.valid
    assert (await ask(VERIFY, stream_id=stream_id)).message.valid


async def test_a_stream_that_is_not_there_has_nothing_wrong_in_it(ask) -> None:
    none = (await ask(VERIFY, stream_id="user-nobody")).message
    assert (none.valid, none.streams, none.events) == (True, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "'[]'::jsonb",
        "'7'::jsonb",
        "jsonb_build_object('long', repeat('x', 40000))",
        f"""'{'{"a":' * 60}1{"}" * 60}'::jsonb""",
    ],
    ids=["a list", "a number", "too long", "too deep"],
)
async def test_data_that_no_event_of_ours_has_is_left_out_of_the_list(product, events, learner, change) -> None:
    stream_id = f"user-{learner.user_id}"
    async with tampered(product, stream_id, change):
        (event,) = await events(stream_id=stream_id)
    assert event.data_omitted
    assert not event.HasField("data")


async def test_a_dead_letter_is_told_with_everything(product, ask, owner) -> None:
    letter_id = await owner.staff.new_dead_letter()
    (letter,) = (await ask(LETTERS, page_size=1)).message.dead_letters
    told = MessageToDict(letter, preserving_proto_field_name=True)
    assert told.pop("stream_id").startswith("conversation-")
    for name in ("event_id", "created_at", "updated_at"):
        assert told.pop(name)
    assert told == {
        "id": letter_id,
        "handler": "practice_record",
        "version": 3,
        "type": "conversation.turn_added",
        "reason": "EVENT_BROKEN",
        "error": "conversation.turn_added: KeyError: 'words'",
        "tries": 1,
        "state": "DEAD_LETTER_STATE_DEAD",
    }


async def test_dead_letters_are_found_by_their_state(product, ask) -> None:
    planted = {
        f"DEAD_LETTER_STATE_{state.upper()}": await plant_dead_letter(product.application.connections, state=state)
        for state in ("dead", "queued", "resolved", "discarded")
    }
    for state, letter_id in planted.items():
        found = (await ask(LETTERS, state=state, page_size=100)).message.dead_letters
        assert found[0].id == letter_id
        assert {letter.state for letter in found} == {found[0].state}
    every = (await ask(LETTERS, page_size=100)).message.dead_letters
    assert set(planted.values()) <= {letter.id for letter in every}


async def test_a_state_that_there_is_not_is_refused(product, owner) -> None:
    refused = await product.grpc.call(LETTERS, RPCS[LETTERS].request(state=99), owner.staff.token)
    assert refused.violations == [("state", "UNKNOWN_VALUE")]
    by_http = await product.http.raw("GET", "/api/v2/admin/dead-letters?state=BURIED", owner.staff.token)
    assert by_http.code == "INVALID_ARGUMENT"


async def test_a_dead_letter_is_tried_again_or_given_up_and_the_record_says_by_whom(ask, events, owner) -> None:
    letter_id = await owner.staff.new_dead_letter()
    for _ in range(2):
        queued = (await ask(RETRY, dead_letter_id=letter_id)).message.dead_letter
        assert (queued.id, MessageToDict(queued)["state"]) == (letter_id, "DEAD_LETTER_STATE_QUEUED")
    discarded = (await ask(DISCARD, dead_letter_id=letter_id)).message.dead_letter
    assert MessageToDict(discarded)["state"] == "DEAD_LETTER_STATE_DISCARDED"
    recorded = await events(stream_id=f"dead-letter-{letter_id}")
    assert [event.type for event in recorded] == ["dead_letter.discarded", "dead_letter.retried"]
    assert {event.actor for event in recorded} != {f"user:{owner.user_id}"}
    assert all(event.actor.startswith("user:") for event in recorded)
    for name in (RETRY, DISCARD):
        refused = await ask(name, dead_letter_id=letter_id)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "DEAD_LETTER_CLOSED")
        assert refused.metadata == {"dead_letter_id": letter_id, "state": "discarded"}


@pytest.mark.parametrize("name", [RETRY, DISCARD])
async def test_a_dead_letter_that_is_not_there_is_not_found(ask, name) -> None:
    nobodys = str(uuid4())
    refused = await ask(name, dead_letter_id=nobodys)
    assert (refused.code, refused.reason) == ("NOT_FOUND", "DEAD_LETTER_NOT_FOUND")
    assert refused.metadata == {"dead_letter_id": nobodys}


async def test_an_administrator_who_loses_the_role_elsewhere_has_lost_it_with_the_next_call(product, door) -> None:
    """As by `fluentpro admin revoke`, in another process: nothing tells this one."""
    connections = product.application.connections
    admin = await Learner.new(product.grpc)
    await make_admin(connections, admin)
    request = RPCS[LETTERS].request()
    assert (await door.call(LETTERS, request, admin.token)).code == "OK"
    assert await RevokeRole(lambda: SqlUnitOfWork(connections, system_clock, MASTER_KEYS), system_clock)(
        admin.email, "admin"
    )
    refused = await door.call(LETTERS, request, admin.token)
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")
    tokens = await admin.log_in()
    denied = await door.call(LETTERS, request, tokens.access_token)
    assert (denied.code, denied.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")
