"""A request with an idempotency key is carried out once, through either door, however often it comes."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from api.contract import RPCS
from api.learner import Learner, changed, example
from google.protobuf.message import Message
from sqlalchemy import text

from adapters.failpoints import Failpoints, arm

IDEMPOTENT = [name for name, rpc in RPCS.items() if "idempotency_key" in rpc.request.DESCRIPTOR.fields_by_name]
START, RENAME = "ConversationService/StartConversation", "UserService/UpdateMe"


def keyed(request: Message, key: str = "") -> Any:
    return changed(request, "idempotency_key", key or str(uuid4()))


def replayed(outcome: Any) -> bool:
    return outcome.replayed or outcome.headers.get("idempotency-replayed") == "true"


async def test_the_methods_that_change_something_of_ones_own_take_a_key() -> None:
    assert {START, RENAME, "OnboardingService/SetIndustry", "ConversationService/EndConversation"} <= set(IDEMPOTENT)
    assert not any(name.startswith("AuthService/") for name in IDEMPOTENT)


@pytest.mark.parametrize("name", IDEMPOTENT)
async def test_a_repeat_gets_the_first_answer_and_changes_nothing(product, door, name) -> None:
    learner = await Learner.new(product.grpc)
    request = keyed(await example(name, learner))
    first = await door.call(name, request, learner.token)
    before = await product.rows()
    again = await door.call(name, request, learner.token)
    assert again.message == first.message
    assert (replayed(first), replayed(again)) == (False, True)
    assert await product.rows() == before


@pytest.mark.parametrize("name", IDEMPOTENT)
async def test_a_repeat_through_the_other_door_is_the_same_request(product, name) -> None:
    learner = await Learner.new(product.grpc)
    request = keyed(await example(name, learner))
    first = await product.http.call(name, request, learner.token)
    again = await product.grpc.call(name, request, learner.token)
    assert again.message == first.message
    assert replayed(again)


async def test_the_answer_is_the_first_one_though_the_world_has_moved_on(door, learner) -> None:
    renamed = keyed(await example(RENAME, learner))
    first = (await door.call(RENAME, renamed, learner.token)).message
    await door.call(RENAME, changed(await example(RENAME, learner), "user.full_name", "Somebody Else"), learner.token)
    assert (await door.call(RENAME, renamed, learner.token)).message == first
    assert (await learner.call("UserService/GetMe")).message.user.full_name == "Somebody Else"


async def test_a_change_that_was_none_is_not_made_later(door, learner) -> None:
    """The name was that already: the first request changes nothing, and neither does its repeat after another name."""
    same = await learner.call("UserService/GetMe")
    request = keyed(changed(await example(RENAME, learner), "user.full_name", same.message.user.full_name))
    await door.call(RENAME, request, learner.token)
    await door.call(RENAME, changed(await example(RENAME, learner), "user.full_name", "Somebody Else"), learner.token)
    await door.call(RENAME, request, learner.token)
    assert (await learner.call("UserService/GetMe")).message.user.full_name == "Somebody Else"


async def test_the_header_is_the_key(http, learner) -> None:
    key = str(uuid4())
    request = await example(START, learner)
    first = await http.call(START, request, learner.token, idempotency_key=key)
    again = await http.client.request(**http.parts(START, request, learner.token, idempotency_key=key))
    assert again.status_code == 201
    assert again.json()["data"]["id"] == first.message.conversation.id
    assert again.json()["meta"]["replayed"] is True


async def test_fifty_at_once_are_one(product, learner) -> None:
    request = keyed(await example(START, learner))
    doors = (product.http, product.grpc) * 25
    outcomes = await asyncio.gather(*(door.call(START, request, learner.token) for door in doors))
    answered = [outcome for outcome in outcomes if outcome.code == "OK"]
    assert {outcome.reason for outcome in outcomes if outcome.code != "OK"} <= {"REQUEST_IN_PROGRESS"}
    assert answered
    assert all(outcome.message == answered[0].message for outcome in answered)
    assert sum(not replayed(outcome) for outcome in answered) == 1
    mine = (await learner.call("ConversationService/ListConversations")).message.conversations
    assert len(mine) == 1


async def test_the_key_with_other_contents_is_refused(door, learner) -> None:
    key = str(uuid4())
    await door.call(RENAME, keyed(await example(RENAME, learner), key), learner.token)
    other = changed(keyed(await example(RENAME, learner), key), "user.full_name", "Somebody Else")
    refused = await door.call(RENAME, other, learner.token)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "IDEMPOTENCY_KEY_REUSED")
    assert refused.metadata == {"idempotency_key": key}
    assert (await learner.call("UserService/GetMe")).message.user.full_name != "Somebody Else"


@pytest.mark.parametrize("key", ["x", "5b0e", "00000000-0000-1000-8000-000000000000"])
async def test_a_key_that_is_no_random_uuid_is_named(door, learner, key) -> None:
    refused = await door.call(START, keyed(await example(START, learner), key), learner.token)
    assert (refused.code, refused.violations) == ("INVALID_ARGUMENT", [("idempotency_key", "INVALID_FORMAT")])


async def test_the_same_key_is_each_ones_own_and_each_methods_own(door, learner, other) -> None:
    key = str(uuid4())
    first = await door.call(START, keyed(await example(START, learner), key), learner.token)
    second = await door.call(START, keyed(await example(START, other), key), other.token)
    renamed = await door.call(RENAME, keyed(await example(RENAME, learner), key), learner.token)
    assert first.message.conversation.id != second.message.conversation.id
    assert renamed.code == "OK"


async def test_a_refusal_is_no_answer_to_keep(door, learner) -> None:
    name = "OnboardingService/SelectRole"
    request = keyed(RPCS[name].request(role_id="concierge"))
    assert (await door.call(name, request, learner.token)).reason == "INDUSTRY_NOT_CHOSEN"
    await learner.call("OnboardingService/SetIndustry", industry_id="hotels_hospitality")
    assert (await door.call(name, request, learner.token)).code == "OK"


@pytest.fixture
def before_commit():
    """Have each unit of work fail before it commits, until the test says that it is enough."""
    arm(Failpoints.parse("uow.before_commit=error"))
    yield lambda: arm(None)
    arm(None)


async def test_what_was_not_committed_is_carried_out_by_the_repeat(product, learner, before_commit) -> None:
    request = keyed(await example(START, learner))
    with pytest.raises(AssertionError, match="INTERNAL"):
        await product.grpc.call(START, request, learner.token)
    before_commit()
    again = await product.grpc.call(START, request, learner.token)
    assert not replayed(again)
    assert len((await learner.call("ConversationService/ListConversations")).message.conversations) == 1


async def test_kept_answers_are_sealed(product, learner) -> None:
    request = keyed(changed(await example(RENAME, learner), "user.full_name", "Sealed Person"))
    await product.grpc.call(RENAME, request, learner.token)
    async with product.application.connections.reading() as connection:
        rows = await connection.execute(
            text("SELECT sealed FROM answer WHERE key = CAST(:key AS uuid)"), {"key": request.idempotency_key}
        )
        (sealed,) = rows.scalars()
    assert b"Sealed Person" not in sealed
