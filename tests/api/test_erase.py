"""DeleteMe: what a learner who leaves takes along, through both doors."""

import asyncio
from typing import Any

from api.contract import RPCS
from api.learner import PASSWORD, Learner, message, sign_up
from google.protobuf.json_format import MessageToDict

from domain.practice.chat import Delta

DELETE = "UserService/DeleteMe"
SEND = "ConversationService/SendMessage"


async def delete(door, learner: Learner, **fields: Any) -> Any:
    return await door.call(DELETE, RPCS[DELETE].request(**fields), learner.token)


async def test_whoever_is_deleted_is_signed_out_everywhere_at_once(product, door, learner) -> None:
    elsewhere = await learner.log_in()
    me = RPCS["UserService/GetMe"].request()
    for token in (learner.token, elsewhere.access_token):
        assert (await door.call("UserService/GetMe", me, token)).code == "OK"
    assert (await delete(door, learner)).message == RPCS[DELETE].response()
    for name in ("UserService/GetMe", DELETE, "ConversationService/ListConversations"):
        for each in (product.grpc, product.http):
            for token in (learner.token, elsewhere.access_token):
                refused = await each.call(name, RPCS[name].request(), token)
                assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID"), name
    refresh = RPCS["AuthService/RefreshTokens"].request(refresh_token=learner.refresh_token)
    assert (await door.call("AuthService/RefreshTokens", refresh)).reason == "REFRESH_TOKEN_INVALID"
    log_in = RPCS["AuthService/LogIn"].request(email=learner.email, password=PASSWORD)
    assert (await door.call("AuthService/LogIn", log_in)).reason == "INVALID_CREDENTIALS"


async def test_the_address_can_sign_up_again_as_somebody_who_has_nothing(door, learner) -> None:
    await learner.answer()
    await learner.reply()
    await delete(door, learner)
    answer = (await door.call("AuthService/SignUp", sign_up(email=learner.email))).message
    assert answer.user.id != learner.user_id
    again = Learner(
        learner.door, learner.email, answer.user.id, answer.tokens.access_token, answer.tokens.refresh_token
    )
    assert not (await again.call("ConversationService/ListConversations")).message.conversations
    assert not (await again.call("OnboardingService/GetOnboarding")).message.onboarding.HasField("native_language")


async def test_an_account_in_another_state_than_the_callers_is_not_deleted(product, door, learner) -> None:
    refused = await delete(door, learner, etag="7")
    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_MISMATCH")
    assert refused.metadata == {"etag": "1"}
    by_header = await product.http.raw("DELETE", "/api/v2/users/me", learner.token, headers={"if-match": '"7"'})
    assert (by_header.http_status, by_header.reason) == (412, "ETAG_MISMATCH")
    assert (await delete(door, learner, etag="1")).code == "OK"


async def test_replies_under_way_end_before_their_first_word_and_in_the_middle(product, door, model, learner) -> None:
    """Their production ends at once; their readers see within five seconds that they are gone."""
    lines = [model.line(asyncio.Event()), model.line(Delta("Good evening."), asyncio.Event())]
    reading = []
    for line in lines:
        request = RPCS[SEND].request(**message((await learner.converse()).id, line.text))
        reading.append(asyncio.create_task(door.call(SEND, request, learner.token)))
        await _until(lambda line=line: line.asked)
    assert (await delete(product.grpc, learner)).code == "OK"

    async with asyncio.timeout(10):
        for line in lines:
            await line.closed.wait()
        outcomes = await asyncio.gather(*reading)
    assert {(outcome.code, outcome.reason) for outcome in outcomes} == {("NOT_FOUND", "GENERATION_NOT_FOUND")}
    await _until(lambda: not [task for task in asyncio.all_tasks() if task.get_name().startswith("reply ")])


async def _until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.01)


async def test_a_deleted_learners_events_still_verify_and_hold_nothing_of_theirs(door, learner) -> None:
    conversation = await learner.converse()
    await learner.say(conversation.id, "My name is Aylin and this is my secret.")
    await delete(door, learner)
    streams = (f"user-{learner.user_id}", f"conversation-{conversation.id}")
    for stream_id in streams:
        request = RPCS["AuditService/VerifyEvents"].request(stream_id=stream_id)
        proof = (await door.call("AuditService/VerifyEvents", request, learner.staff.token)).message
        assert (proof.valid, proof.streams) == (True, 1)
        assert proof.events >= 2
    listed = RPCS["AuditService/ListEvents"].request(user_id=learner.user_id, page_size=100)
    events = (await door.call("AuditService/ListEvents", listed, learner.staff.token)).message.events
    assert [event.type for event in events if event.stream_id == streams[0]] == ["user.deleted", "user.registered"]
    assert {name for event in events for name in event.sealed_fields} == {"email", "full_name", "text"}
    shown = "".join(str(MessageToDict(event)) for event in events)
    for personal in (learner.email, "Aylin", "secret", "Good evening"):
        assert personal not in shown
