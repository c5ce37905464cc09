"""One request id from the caller to the events that the call caused."""

from uuid import uuid4

import pytest
from api.contract import RPCS
from api.doors import SSE
from api.learner import message
from sqlalchemy import select

from adapters.sql.tables.events import event_store

SEND = "ConversationService/SendMessage"


async def _events_of(product, request_id: str) -> set[tuple[str, str]]:
    """Return type and actor of every event that a request caused."""
    of_request = event_store.c.meta["correlation_id"].astext == request_id
    async with product.application.connections.reading() as connection:
        rows = await connection.execute(
            select(event_store.c.type, event_store.c.meta["actor"].astext).where(of_request)
        )
        return {(row[0], row[1]) for row in rows}


async def test_the_request_id_comes_back_from_every_kind_of_call(door, owner) -> None:
    conversation = await owner.converse()
    for name, fields, token, code in (
        ("UserService/GetMe", {}, owner.token, "OK"),
        ("UserService/GetMe", {}, None, "UNAUTHENTICATED"),
        (SEND, message(conversation.id), owner.token, "OK"),
        (SEND, message(str(uuid4())), owner.token, "NOT_FOUND"),
    ):
        answer = await door.call(name, RPCS[name].request(**fields), token, x_request_id="trace-1")
        assert (answer.code, answer.headers["x-request-id"]) == (code, "trace-1")


@pytest.mark.parametrize("bad", ["", "two words", "x" * 129, "a/b"])
async def test_a_request_id_that_no_log_can_hold_is_replaced(door, bad) -> None:
    request = RPCS["CatalogService/ListIndustries"].request()
    answer = await door.call("CatalogService/ListIndustries", request, x_request_id=bad)
    assert answer.headers["x-request-id"] not in ("", bad)


async def test_an_event_stream_has_the_request_id_too(http, owner) -> None:
    request = RPCS["ConversationService/ResumeReply"].request(generation_id=await owner.reply())
    parts = http.parts("ConversationService/ResumeReply", request, owner.token, SSE, x_request_id="trace-2")
    assert (await http.client.request(**parts)).headers["x-request-id"] == "trace-2"


async def test_the_events_of_a_call_know_its_request_and_its_actor(product, door, learner) -> None:
    traced = {name: uuid4().hex for name in ("language", "conversation", "message")}
    language = RPCS["OnboardingService/SetNativeLanguage"].request(language_id="english")
    await door.call("OnboardingService/SetNativeLanguage", language, learner.token, x_request_id=traced["language"])
    start = RPCS["ConversationService/StartConversation"].request(scenario_id="early_check_in")
    started = await door.call(
        "ConversationService/StartConversation", start, learner.token, x_request_id=traced["conversation"]
    )
    said = RPCS[SEND].request(**message(started.message.conversation.id))
    await door.call(SEND, said, learner.token, x_request_id=traced["message"])
    actor = f"user:{learner.user_id}"
    assert ("onboarding.language_selected", actor) in await _events_of(product, traced["language"])
    begun = {("conversation.started", actor), ("conversation.turn_added", actor)}
    assert await _events_of(product, traced["conversation"]) == begun
    assert ("generation.completed", actor) in await _events_of(product, traced["message"])


async def test_what_nobody_signed_in_does_is_anonymous(product, door) -> None:
    trace, request = (
        uuid4().hex,
        RPCS["AuthService/SignUp"].request(
            email=f"{uuid4().hex}@example.com", password="harbour view at dawn", full_name="Aylin", accept_terms=True
        ),
    )
    await door.call("AuthService/SignUp", request, x_request_id=trace)
    assert {actor for _, actor in await _events_of(product, trace)} == {"anonymous"}
