from collections.abc import Mapping

import pytest
from google.protobuf.message import Message

from domain.shared.checks import Checks, Refused
from domain.shared.errors import InvalidRequest, Violation
from fluentpro.v2.auth_service_pb2 import LogInRequest, SignUpRequest
from fluentpro.v2.user_service_pb2 import GetMeRequest, UpdateMeRequest
from server.image import our_image
from server.interceptors.required import Check, Required
from server.required_fields import RequiredFields


@pytest.fixture(scope="module")
def required() -> Required:
    return with_checks({})


def with_checks(checks: Mapping[type[Message], Check]) -> Required:
    return Required(RequiredFields(our_image()), checks)


async def violations(required: Required, make_call, request: Message) -> list[tuple[str, str]]:
    call = make_call()
    call.bind(type(request).FromString, request.SerializeToString())
    try:
        await required.begin(call)
    except InvalidRequest as invalid:
        return [(violation.field, violation.reason) for violation in invalid.violations]
    return []


def _email(value: str) -> str:
    if "@" not in value:
        raise Refused("INVALID_FORMAT" if value else "REQUIRED", "An e-mail address is needed.")
    return value


def parse_sign_up(request: SignUpRequest) -> tuple[str, str]:
    with Checks() as check:
        email = check("email", _email, request.email)
        name = check("full_name", _long, request.full_name)
    return email, name


def _long(value: str) -> str:
    if len(value) < 2:
        raise Refused("TOO_SHORT", "At least 2 characters are needed.")
    return value


async def test_everything_that_is_missing_is_told(required, make_call) -> None:
    found = await violations(required, make_call, SignUpRequest())
    assert found == [(name, "REQUIRED") for name in ("email", "password", "full_name", "accept_terms")]


async def test_a_complete_request_passes(required, make_call) -> None:
    complete = SignUpRequest(email="a@b.c", password="x", full_name="A", accept_terms=True)
    assert await violations(required, make_call, complete) == []
    assert await violations(required, make_call, GetMeRequest()) == []


async def test_what_is_wrong_otherwise_is_told_with_what_is_missing(make_call) -> None:
    required = with_checks({SignUpRequest: parse_sign_up})
    found = await violations(required, make_call, SignUpRequest(email="no address"))
    assert found == [
        ("password", "REQUIRED"),
        ("full_name", "REQUIRED"),
        ("accept_terms", "REQUIRED"),
        ("email", "INVALID_FORMAT"),
    ]


async def test_what_the_check_finds_nothing_wrong_with_is_still_missing(make_call) -> None:
    required = with_checks({LogInRequest: lambda request: request.email})
    assert await violations(required, make_call, LogInRequest(email="a@b.c")) == [("password", "REQUIRED")]


async def test_nothing_missing_leaves_the_rest_to_the_servicer(make_call) -> None:
    required = with_checks({LogInRequest: _refuse})
    assert await violations(required, make_call, LogInRequest(email="a", password="b")) == []


def _refuse(_request: LogInRequest) -> None:
    raise InvalidRequest((Violation("a", "b", "c"),))


async def test_a_partial_update_needs_its_resource_and_no_field_of_it(required, make_call) -> None:
    request = UpdateMeRequest()
    assert await violations(required, make_call, request) == [("user", "REQUIRED")]
    request.user.SetInParent()
    assert await violations(required, make_call, request) == []


async def test_a_client_that_streams_is_not_looked_at(required, make_call) -> None:
    await required.begin(make_call())
