"""A transaction that the database undoes is tried again: clients see nothing of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from api.contract import RPCS
from api.learner import Learner
from api.replies import SEND, send
from sqlalchemy import text

RENAME = "UserService/UpdateMe"

# By a sequence, so that whoever tries again is not at the mercy of chance.
_FAULT = """
CREATE FUNCTION now_and_then() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('attempts') % {every} = 0 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '{state}'; END IF;
    RETURN NULL;
END
$$
"""


@pytest.fixture(params=["40001", "40P01"], ids=["serialization", "deadlock"])
async def every(request, product) -> AsyncIterator:
    """Have every so many-th transaction that appends an event fail."""

    async def install(number: int) -> None:
        await _run(product, "CREATE SEQUENCE attempts")
        await _run(product, _FAULT.format(every=number, state=request.param))
        await _run(product, "CREATE TRIGGER fails AFTER INSERT ON outbox EXECUTE FUNCTION now_and_then()")

    yield install
    await _run(product, "DROP FUNCTION now_and_then CASCADE")
    await _run(product, "DROP SEQUENCE attempts")


async def _run(product, statement: str) -> None:
    async with product.application.connections.transaction() as connection:
        await connection.execute(text(statement))
        await connection.commit()


async def _renamed(product, learner: Learner, number: int):
    door = (product.http, product.grpc)[number % 2]
    user = {"full_name": f"Ann {'I' * (number + 1)}"}
    request = RPCS[RENAME].request(user=user, update_mask={"paths": ["full_name"]})
    return await door.call(RENAME, request, learner.token)


async def test_nobody_sees_that_one_in_ten_was_undone(product, learner, every) -> None:
    await every(10)
    outcomes = [await _renamed(product, learner, number) for number in range(60)]
    assert {outcome.code for outcome in outcomes} == {"OK"}
    assert int(outcomes[-1].message.user.etag) == 61, "each was carried out once"


async def test_nobody_sees_it_at_once_either(product, every) -> None:
    learners = [await Learner.new(product.grpc) for _ in range(4)]
    await every(10)
    outcomes = await asyncio.gather(*(_renamed(product, one, number) for one in learners for number in range(10)))
    assert {outcome.code for outcome in outcomes} == {"OK"}


async def test_a_message_is_tried_again_too(product, door, owner, conversation, every) -> None:
    await every(3)
    outcome = await door.call(SEND, send(conversation.id), owner.token)
    assert outcome.code == "OK"


async def test_after_three_times_it_is_said(product, door, learner, every) -> None:
    await every(1)
    request = RPCS[RENAME].request(user={"full_name": "Never"}, update_mask={"paths": ["full_name"]})
    refused = await door.call(RENAME, request, learner.token)
    assert (refused.code, refused.reason) == ("ABORTED", "CONCURRENT_UPDATE")
