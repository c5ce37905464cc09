"""What the product writes about itself holds no password, no token and nothing that a learner said."""

import asyncio
import io
import json
import logging
from uuid import uuid4

import pytest
from api.contract import RPCS
from api.learner import Learner, message, sign_up
from sqlalchemy import bindparam, text
from sqlalchemy.exc import DBAPIError

from domain.practice.chat import Delta

# These belong to the client in this process.
_OF_THE_CLIENT = ("httpx", "httpcore", "hpack", "asyncio")


@pytest.fixture
def application_log():
    """Everything that is logged, with the traces of errors."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.addFilter(lambda record: not record.name.startswith(_OF_THE_CLIENT))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)


def _canary(kind: str) -> str:
    return f"canary {kind} {uuid4().hex}"


async def test_the_logs_hold_no_secret_and_no_word_of_a_learner(product, door, model, application_log) -> None:
    secrets = {kind: _canary(kind) for kind in ("password", "wrong", "text", "name", "job", "reply")}
    begin = len(product.access_lines.getvalue())
    request = sign_up(password=secrets["password"], full_name=secrets["name"])
    answer = (await door.call("AuthService/SignUp", request)).message
    learner = Learner(
        product.grpc, answer.user.email, answer.user.id, answer.tokens.access_token, answer.tokens.refresh_token
    )
    model.line(Delta(secrets["reply"]), ZeroDivisionError("a fault of ours"), text=secrets["text"])
    conversation = await learner.converse()
    for name, fields in (
        ("AuthService/LogIn", {"email": learner.email, "password": secrets["wrong"]}),
        ("AuthService/RefreshTokens", {"refresh_token": secrets["wrong"]}),
        ("AuthService/RefreshTokens", {"refresh_token": learner.refresh_token}),
        ("OnboardingService/SetIndustry", {"industry_id": "hotels_hospitality"}),
        ("OnboardingService/MatchRoles", {"job_title": secrets["job"], "job_description": secrets["job"]}),
        ("OnboardingService/SetCommunicationPartners", {"partner_ids": [secrets["text"]]}),
        ("ConversationService/SendMessage", message(conversation.id, secrets["text"])),
        ("ConversationService/SendMessage", message(conversation.id, secrets["text"] * 100)),
        ("UserService/GetMe", {}),
    ):
        await door.call(name, RPCS[name].request(**fields), learner.token)
    await door.call("UserService/GetMe", RPCS["UserService/GetMe"].request(), f"{learner.token}x")
    product.access_log.flush()
    lines = product.access_lines.getvalue()[begin:]
    async with asyncio.timeout(10):
        while "ZeroDivisionError" not in application_log.getvalue():  # noqa: ASYNC110 - it is logged after the reply
            await asyncio.sleep(0.01)
    written = lines + application_log.getvalue()
    assert learner.user_id in lines
    for secret in (*secrets.values(), learner.email, learner.token, learner.refresh_token):
        assert secret not in written, secret


async def test_the_access_log_has_a_line_for_each_call(product, door, owner) -> None:
    trace = uuid4().hex
    await door.call("UserService/GetMe", RPCS["UserService/GetMe"].request(), owner.token, x_request_id=trace)
    await door.call("UserService/GetMe", RPCS["UserService/GetMe"].request(), None, x_request_id=trace)
    product.access_log.flush()
    lines = [json.loads(line) for line in product.access_lines.getvalue().splitlines() if trace in line]
    assert [(line["method"], line["code"], line["reason"], line["user"]) for line in lines] == [
        ("/fluentpro.v2.UserService/GetMe", "OK", "", owner.user_id),
        ("/fluentpro.v2.UserService/GetMe", "UNAUTHENTICATED", "TOKEN_MISSING", ""),
    ]


async def test_an_error_of_the_database_does_not_tell_the_values_of_its_statement(product) -> None:
    failing = text("SELECT 1 / 0 WHERE :said <> ''").bindparams(bindparam("said"))
    with pytest.raises(DBAPIError) as caught:
        async with product.application.connections.reading() as connection:
            await connection.execute(failing, {"said": "canary"})
    assert "canary" not in str(caught.value)


async def test_no_event_holds_a_personal_value(product, learner) -> None:
    said = _canary("text")
    conversation = await learner.converse()
    await learner.say(conversation.id, said)
    await learner.answer()
    await learner.call("OnboardingService/SetCommunicationPartners", custom_partners=[said[:100]])
    await learner.call("UserService/UpdateMe", user={"full_name": said[:100]})
    async with product.application.connections.reading() as connection:
        stored = "".join((await connection.execute(text("SELECT data::text || meta::text FROM event_store"))).scalars())
    assert learner.user_id in stored
    for personal in (said, learner.email, "Good evening"):
        assert personal not in stored
