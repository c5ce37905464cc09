"""Who may call what, for every RPC of the contract, through both doors."""

from datetime import datetime, timedelta

import pytest
from api.contract import RPCS
from api.learner import ENDS_ITS_CALLER, example

from adapters.choices import signing_keys
from adapters.security.access_tokens import JwtAccessTokens
from domain.identity.model import ACCESS_TOKEN_LIFETIME
from domain.shared.clock import system_clock

PUBLIC = [name for name, rpc in RPCS.items() if rpc.is_public]
SIGNED_IN = [name for name, rpc in RPCS.items() if not rpc.is_public]
FOR_LEARNERS = [name for name in SIGNED_IN if not RPCS[name].is_for_admins and name not in ENDS_ITS_CALLER]
FOR_ADMINS = [name for name in SIGNED_IN if RPCS[name].is_for_admins]
OF_ONE_LEARNER = [
    name
    for name, rpc in RPCS.items()
    if {"conversation_id", "generation_id", "job_id", "turn_id"} & set(rpc.request.DESCRIPTOR.fields_by_name)
    and not rpc.is_for_admins
]
BAD_TOKENS = {"garbage": "not-a-token", "no JWT of ours": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}


@pytest.mark.parametrize("caller", ["nobody", "a bad token", "owner", "another user"])
@pytest.mark.parametrize("name", PUBLIC)
async def test_public_methods_take_everybody(door, owner, other, name, caller) -> None:
    tokens = {"nobody": None, "a bad token": "bad", "owner": owner.token, "another user": other.token}
    assert (await door.call(name, await example(name, owner), tokens[caller])).code == "OK"


@pytest.mark.parametrize("name", SIGNED_IN)
async def test_other_methods_ask_for_a_token(door, owner, name) -> None:
    refused = await door.call(name, await example(name, owner))
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_MISSING")
    if door.name == "http":
        assert (refused.http_status, refused.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS)
@pytest.mark.parametrize("name", SIGNED_IN)
async def test_other_methods_refuse_a_bad_token(door, owner, name, token) -> None:
    refused = await door.call(name, await example(name, owner), token)
    assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_INVALID")
    if door.name == "http":
        assert (refused.http_status, refused.headers["www-authenticate"]) == (401, "Bearer")


async def test_other_methods_say_that_a_token_has_expired(product, door, owner, requests) -> None:
    def long_ago() -> datetime:
        return system_clock() - ACCESS_TOKEN_LIFETIME - timedelta(seconds=1)

    session = product.application.tokens.known(owner.token) or await product.application.tokens.identify(owner.token)
    expired = JwtAccessTokens(signing_keys(product.settings), long_ago).issue(session)
    for name in SIGNED_IN:
        refused = await door.call(name, requests[name], expired)
        assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "TOKEN_EXPIRED"), name
    for name in PUBLIC:
        assert (await door.call(name, await example(name, owner), expired)).code == "OK", name


@pytest.mark.parametrize("name", FOR_ADMINS)
async def test_administrators_may_call_what_is_for_them_and_learners_may_not(door, owner, name) -> None:
    request = await example(name, owner)
    refused = await door.call(name, request, owner.token)
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")
    assert refused.metadata == {"method": RPCS[name].path}
    assert (await door.call(name, request, owner.staff.token)).code == "OK"


@pytest.mark.parametrize("name", FOR_LEARNERS)
async def test_owners_may_call_every_other_method(door, owner, name) -> None:
    assert (await door.call(name, await example(name, owner), owner.token)).code == "OK"


@pytest.mark.parametrize("name", OF_ONE_LEARNER)
async def test_what_is_anothers_is_not_found(door, owner, other, name) -> None:
    refused = await door.call(name, await example(name, owner), other.token)
    assert refused.code == "NOT_FOUND"
    assert refused.reason in ("CONVERSATION_NOT_FOUND", "GENERATION_NOT_FOUND", "JOB_NOT_FOUND", "TURN_NOT_FOUND")
    assert not refused.messages


@pytest.mark.parametrize("name", [name for name in FOR_LEARNERS if name not in OF_ONE_LEARNER])
async def test_what_names_nobody_is_about_the_caller(door, owner, other, name) -> None:
    answer = (await door.call(name, await example(name, other), other.token)).message
    assert owner.user_id not in str(answer)
    assert owner.email not in str(answer)


async def test_anothers_own_role_is_as_unknown_as_one_that_is_not(door, owner, other) -> None:
    await other.call("OnboardingService/SetIndustry", industry_id="hotels_hospitality")
    role = (
        await owner.door.call(
            "OnboardingService/CreateCustomRole",
            await example("OnboardingService/CreateCustomRole", owner),
            owner.token,
        )
    ).message.role
    select = RPCS["OnboardingService/SelectRole"].request
    anothers = await door.call("OnboardingService/SelectRole", select(role_id=role.id), other.token)
    unknown = await door.call("OnboardingService/SelectRole", select(role_id="no_such_role"), other.token)
    assert anothers.violations == unknown.violations == [("role_id", "UNKNOWN_VALUE")]
    assert role.id not in anothers.text


async def test_anothers_conversation_is_not_listed(door, owner, other) -> None:
    conversation = await owner.converse()
    for learner, is_listed in ((owner, True), (other, False)):
        request = RPCS["ConversationService/ListConversations"].request(page_size=100)
        page = (await door.call("ConversationService/ListConversations", request, learner.token)).message
        assert (conversation.id in [each.id for each in page.conversations]) is is_listed
