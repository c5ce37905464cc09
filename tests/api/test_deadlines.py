"""A call that takes longer than its caller allows ends, and only that call."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from api.contract import RPCS
from api.doors import ARRAY, NDJSON, SSE
from api.learner import message
from sqlalchemy import select

from adapters.sql.tables.identity import account
from adapters.sql.tables.practice import conversation as conversation_table
from domain.practice.chat import Delta, Finish, FinishReason

SEND = "ConversationService/SendMessage"
UPDATE = "UserService/UpdateMe"
SHORT = 0.05


@asynccontextmanager
async def _held(product, table, row_id):
    """Keep a row locked, so that whoever writes it has to wait."""
    async with product.application.connections.transaction() as connection:
        await connection.execute(select(table).where(table.c.id == row_id).with_for_update())
        yield


def _update():
    return RPCS[UPDATE].request(user={"full_name": "Too Late"})


async def test_a_unary_call_ends_at_its_deadline(product, owner) -> None:
    async with _held(product, account, owner.user_id):
        by_grpc = await product.grpc.call(UPDATE, _update(), owner.token, SHORT)
        by_http = await product.http.call(UPDATE, _update(), owner.token, grpc_timeout="50m")
        by_seconds = await product.http.call(UPDATE, _update(), owner.token, x_timeout="0.05")
    assert by_grpc.code == by_http.code == by_seconds.code == "DEADLINE_EXCEEDED"
    assert (by_http.http_status, by_http.reason) == (504, "DEADLINE_EXCEEDED")
    assert (await owner.call("UserService/GetMe")).message.user.full_name != "Too Late"


async def test_a_stream_that_has_not_begun_ends_with_the_status_of_its_deadline(product, owner) -> None:
    conversation = await owner.converse()
    request = RPCS[SEND].request(**message(conversation.id))
    async with _held(product, conversation_table, conversation.id):
        for accept in (SSE, NDJSON, ARRAY):
            parts = product.http.parts(SEND, request, owner.token, accept, grpc_timeout="50m")
            response = await product.http.client.request(**parts)
            assert (response.status_code, response.json()["error"]["code"]) == (504, "DEADLINE_EXCEEDED")
        assert (await product.grpc.call(SEND, request, owner.token, SHORT)).code == "DEADLINE_EXCEEDED"
    assert len(await owner.turns(conversation.id)) == 1


@pytest.mark.parametrize("accept", [SSE, NDJSON, ARRAY])
async def test_a_deadline_in_the_middle_of_a_stream_shows_and_stops_no_reply(http, owner, model, accept) -> None:
    conversation, gate = await owner.converse(), asyncio.Event()
    line = model.line(Delta("Good evening."), gate, Finish(FinishReason.STOP))
    request = RPCS[SEND].request(**message(conversation.id, line.text))
    # Time enough for the first event on a busy machine; the reply itself waits for the gate.
    parts = http.parts(SEND, request, owner.token, accept, grpc_timeout="1500m")
    response = await http.client.request(**parts)
    assert response.status_code == 200
    assert '"DEADLINE_EXCEEDED"' in response.text
    assert not response.text.endswith("]")
    await _ends_well(owner, conversation.id, gate)


async def test_a_deadline_of_a_grpc_stream_stops_no_reply(product, owner, model) -> None:
    conversation, gate = await owner.converse(), asyncio.Event()
    line = model.line(Delta("Good evening."), gate, Finish(FinishReason.STOP))
    request = RPCS[SEND].request(**message(conversation.id, line.text))
    ended = await product.grpc.call(SEND, request, owner.token, 1.5)
    assert ended.code == "DEADLINE_EXCEEDED"
    assert ended.messages
    await _ends_well(owner, conversation.id, gate)


async def _ends_well(owner, conversation_id: str, gate: asyncio.Event) -> None:
    found = await owner.call("ConversationService/GetConversation", conversation_id=conversation_id)
    gate.set()
    events = await owner.follow(found.message.conversation.active_generation_id)
    assert events[-1].WhichOneof("event") == "completed"


@pytest.mark.parametrize("bad", ["50", "m", "123456789m", "-1S", "1.5S", "٣S"])
async def test_a_timeout_that_is_none_is_refused(http, owner, bad) -> None:
    headers = {"grpc-timeout": bad.encode()}
    refused = await http.raw("GET", "/api/v2/users/me", owner.token, headers=headers)
    assert (refused.http_status, refused.reason) == (400, "INVALID_HEADER")
