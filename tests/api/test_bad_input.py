"""What a client does wrong gets a clear answer through both doors, and nothing is written."""

from uuid import UUID

import pytest
from api.contract import RPCS
from api.learner import PASSWORD, changed, message, new_address, sign_up

pytestmark = pytest.mark.usefixtures("nothing_written")

FACE = "🙂"
NOBODYS = "00000000-0000-4000-8000-000000000000"
EVERY_FIELD_BAD = {
    "email": "nobody at home",
    "password": "short",
    "full_name": "x",
    "accept_terms": False,
    "date_of_birth": "1990-13-01",
}
HOSTILE = {
    "NUL": "a\0b",
    "a control character": "a\x1bb",
    "over-long": "x" * 5000,
    "four bytes a character": FACE * 2500,
    "white space": " \t\n",
}


@pytest.mark.parametrize(
    ("by", "name", "required"),
    [("grpc", name, rpc.required) for name, rpc in RPCS.items() if rpc.required]
    + [("http", name, rpc.required_beside_path) for name, rpc in RPCS.items() if rpc.required_beside_path],
)
async def test_an_empty_request_is_told_every_required_field(product, owner, by, name, required) -> None:
    request = RPCS[name].request()
    for field in RPCS[name].path_fields if by == "http" else ():
        setattr(request, field, NOBODYS)
    refused = await getattr(product, by).call(name, request, owner.token_for(name))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert refused.violations == [(field, "REQUIRED") for field in required]


async def test_a_sign_up_that_is_wrong_in_every_field_is_told_each_field_once(door) -> None:
    refused = await door.call("AuthService/SignUp", sign_up(**EVERY_FIELD_BAD))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert sorted(refused.fields) == sorted(EVERY_FIELD_BAD)


@pytest.mark.parametrize(
    ("name", "fields", "violations"),
    [
        (
            "AuthService/SignUp",
            {"email": "x", "date_of_birth": "yesterday"},
            {"email", "password", "full_name", "accept_terms", "date_of_birth"},
        ),
        ("OnboardingService/MatchRoles", {"job_description": "short"}, {"job_title", "job_description"}),
        ("OnboardingService/CreateCustomRole", {"title": "x"}, {"title", "description", "level"}),
        (
            "ConversationService/SendMessage",
            {"conversation_id": NOBODYS, "client_message_id": "no spaces"},
            {"client_message_id", "text"},
        ),
    ],
)
async def test_what_is_missing_and_what_is_wrong_are_told_together(door, owner, name, fields, violations) -> None:
    refused = await door.call(name, RPCS[name].request(**fields), owner.token)
    assert refused.reason == "INVALID_REQUEST"
    assert sorted(refused.fields) == sorted(violations)


@pytest.mark.parametrize("name", [name for name, rpc in RPCS.items() if rpc.text_fields])
async def test_hostile_text_is_refused_in_every_field(door, owner, requests, name) -> None:
    for field in RPCS[name].text_fields:
        if _is_unread(name, field):
            continue
        for kind in ("NUL", "over-long"):
            request = changed(requests[name], field, HOSTILE[kind])
            answer = await door.call(name, request, owner.token_for(name))
            if name == "AuthService/LogOut":
                assert answer.code == "OK", (field, kind)
            else:
                assert answer.code in ("INVALID_ARGUMENT", "NOT_FOUND", "UNAUTHENTICATED", "ABORTED"), (field, kind)


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind not in ("NUL", "over-long")])
@pytest.mark.parametrize("name", ["AuthService/SignUp", "AuthService/LogIn", "ConversationService/SendMessage"])
async def test_strange_text_is_refused_too(door, owner, requests, name, kind) -> None:
    for field in RPCS[name].text_fields:
        answer = await door.call(name, changed(requests[name], field, HOSTILE[kind]), owner.token)
        assert answer.code in ("INVALID_ARGUMENT", "NOT_FOUND", "UNAUTHENTICATED"), (field, kind)


def _is_unread(name: str, field: str) -> bool:
    """Whether the method passes over the field: what only we say of an account, and the name that the mask omits."""
    return name == "UserService/UpdateMe" and field not in ("user.full_name", "etag")


@pytest.mark.parametrize("name", list(RPCS))
async def test_bytes_that_are_no_message_are_refused_by_grpc(product, owner, name) -> None:
    refused = await product.grpc.call(name, b"\xff\xff", owner.token_for(name))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


NEARLY_A_UUID = "0c9f3d5e7a1b4c2d8e6f9a0b1c2d3e4f"


@pytest.mark.parametrize("bad", ["no-uuid", "1", NEARLY_A_UUID, f"{{{UUID(NEARLY_A_UUID)}}}", "../me", "%00"])
async def test_an_id_that_cannot_be_ours_is_answered_like_one_that_is_not(door, owner, requests, bad) -> None:
    for name, rpc in RPCS.items():
        for field in ("conversation_id", "generation_id", "scenario_id", "dead_letter_id"):
            if field in rpc.request.DESCRIPTOR.fields_by_name:
                request = changed(requests[name], field, bad)
                refused = await door.call(name, request, owner.token_for(name))
                assert refused.code == "NOT_FOUND", (name, field)
                assert refused.metadata == {field: bad}


async def test_an_etag_of_another_state_is_aborted(door, owner) -> None:
    me = RPCS["UserService/UpdateMe"].request(user={"full_name": "Somebody Else"}, etag="0")
    refused = await door.call("UserService/UpdateMe", me, owner.token)
    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_MISMATCH")
    present = (await owner.call("UserService/GetMe")).message.user.etag
    assert refused.metadata == {"etag": present}


async def test_a_mask_names_only_what_can_be_changed(door, owner) -> None:
    for path in ("email", "id", "etag", "no_such_field"):
        request = RPCS["UserService/UpdateMe"].request(
            user={"full_name": "Somebody Else"}, update_mask={"paths": [path]}
        )
        refused = await door.call("UserService/UpdateMe", request, owner.token)
        assert refused.fields == ["update_mask"], path


async def test_a_taken_address_is_told(door, owner) -> None:
    refused = await door.call("AuthService/SignUp", sign_up(email=owner.email.upper()))
    assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "EMAIL_TAKEN")


async def test_wrong_address_and_wrong_password_are_told_alike(door, owner) -> None:
    answers = []
    for email, password in ((new_address(), PASSWORD), (owner.email, "not that one"), ("no address", PASSWORD)):
        request = RPCS["AuthService/LogIn"].request(email=email, password=password)
        refused = await door.call("AuthService/LogIn", request)
        answers.append((refused.code, refused.reason, refused.text, refused.metadata, refused.violations))
    assert answers == [("UNAUTHENTICATED", "INVALID_CREDENTIALS", answers[0][2], {}, [])] * 3


async def test_what_is_wrong_with_a_message_is_told_before_its_conversation_is_looked_for(door, owner) -> None:
    request = RPCS["ConversationService/SendMessage"].request(**message(NOBODYS, text="x" * 2001, key="a b"))
    refused = await door.call("ConversationService/SendMessage", request, owner.token)
    assert sorted(refused.violations) == [("client_message_id", "INVALID_FORMAT"), ("text", "TOO_LONG")]


async def test_partners_and_situations_are_told_everything_that_is_wrong(door, owner) -> None:
    name = "OnboardingService/SetCommunicationPartners"
    request = RPCS[name].request(
        partner_ids=["clients", "nobody", "clients"], custom_partners=["x", "Night shift", "a\0b", "y" * 101]
    )
    refused = await door.call(name, request, owner.token)
    assert refused.violations == [
        ("partner_ids[1]", "UNKNOWN_VALUE"),
        ("partner_ids[2]", "DUPLICATE"),
        ("custom_partners[0]", "TOO_SHORT"),
        ("custom_partners[2]", "INVALID_CHARACTER"),
        ("custom_partners[3]", "TOO_LONG"),
    ]
    none = await door.call(name, RPCS[name].request(), owner.token)
    assert none.violations == [("partner_ids", "REQUIRED")]
    many = RPCS[name].request(partner_ids=map(str, range(11)), custom_partners=map(str, range(6)))
    assert (await door.call(name, many, owner.token)).violations == [
        ("partner_ids", "TOO_MANY"),
        ("custom_partners", "TOO_MANY"),
    ]
