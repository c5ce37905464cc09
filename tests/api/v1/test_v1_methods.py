"""Every method of v1 on our server: over HTTP with and without the slash at the end, and over gRPC by its stubs."""

from typing import Any

import pytest
from api.learner import new_address
from api.v1 import steps
from api.v1.first_client import PASSWORD, REQUEST_ID, FirstClient, Step
from api.v1.stub_client import StubClient
from google.protobuf.json_format import MessageToDict
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status
from grpc.aio import AioRpcError

from fluentpro.v1 import auth_service_pb2, auth_service_pb2_grpc

BARE = {"GetProfile", "UpdateProfile", "SetLanguage", "SetIndustry"}
"""Methods whose answer is a profile, which stands at the top of the JSON."""


@pytest.fixture
def client(product) -> FirstClient:
    return FirstClient(product.http.client, new_address())


@pytest.mark.parametrize("slash", [True, False], ids=["with a slash", "without a slash"])
async def test_every_method_answers_over_http(client, slash) -> None:
    for step in steps.JOURNEY:
        response = await client.make(step, slash=slash)
        assert response.status_code == step.status, (step, response.text)
        assert response.headers["content-type"] == "application/json"
        meta = response.json()["_meta"]
        assert (meta["request_id"], meta["version"]) == (REQUEST_ID, "v1")


async def test_every_method_answers_by_its_stub(product) -> None:
    stub = StubClient(product.grpc.channel)
    for step in steps.JOURNEY:
        answer = await stub.make(step)
        assert answer.ByteSize() > 0 or step is steps.LOG_OUT


async def test_stub_and_http_say_the_same_of_one_learner(product, client) -> None:
    for step in steps.JOURNEY[:-1]:
        await client.make(step)
    stub = StubClient(product.grpc.channel)
    stub.token = client.token
    for step in (each for each in steps.JOURNEY if each.verb == "GET"):
        by_http = (await client.make(step)).json()
        del by_http["_meta"]
        answer = await stub.make(step)
        bare = answer.profile if step.method.partition("/")[2] in BARE else answer
        assert by_http == MessageToDict(
            bare, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )


async def test_a_learner_of_v1_is_the_same_in_v2(product, client) -> None:
    for step in steps.JOURNEY[:-1]:
        await client.make(step)
    headers = {"authorization": f"Bearer {client.token}"}
    old = (await client.make(steps.GET_PROFILE)).json()
    new = (await product.http.client.get("/api/v2/users/me", headers=headers)).json()["data"]
    onboarding = (await product.http.client.get("/api/v2/onboarding", headers=headers)).json()["data"]
    assert (old["id"], old["user_name"], old["user_email"]) == (new["id"], new["full_name"], new["email"])
    assert (old["created"], old["modified"]) == (new["created_at"], new["updated_at"])
    assert old["native_language"] == onboarding["native_language"]["id"]
    assert old["industry"]["id"] == onboarding["industry"]["id"]
    assert old["role"]["id"] == onboarding["role"]["id"]


async def test_the_status_follows_the_answers_up_to_completed(product, client) -> None:
    await client.make(steps.SIGN_UP)
    seen = [await _status(client)]
    for step in (
        steps.SET_LANGUAGE,
        steps.SET_INDUSTRY,
        steps.MATCH_JOB,
        steps.SELECT_ROLE,
        steps.SELECT_PARTNERS,
        steps.SELECT_UNITS,
    ):
        await client.make(step)
        seen.append(await _status(client))
    assert seen == [
        "pending",
        "welcome",
        "basic_info",
        "basic_info",
        "personalisation",
        "course_assignment",
        "course_assignment",
    ]
    await _complete(product, client)
    assert await _status(client) == "completed"


async def _status(client: FirstClient) -> str:
    return (await client.make(steps.GET_PROFILE)).json()["onboarding_status"]


async def _complete(product: Any, client: FirstClient) -> None:
    """Answer for every partner, and confirm: v2 can, v1 cannot."""
    partners = (await client.make(steps.GET_USER_PARTNERS)).json()["communication_partners"]
    for partner in partners:
        path = f"/onboarding/partner/{partner['id']}/select-units"
        assert (await client.make(Step("POST", path, {"unit_ids": ["meetings"]}))).status_code == 200
    progress = (await client.make(steps.GET_SUMMARY)).json()["onboarding_progress"]
    assert (progress["completion_percentage"], progress["is_complete"]) == (100, True)
    headers = {"authorization": f"Bearer {client.token}"}
    completed = await product.http.client.post("/api/v2/onboarding:complete", json={}, headers=headers)
    assert completed.status_code == 200


async def test_an_own_partner_is_named_by_its_uuid(client) -> None:
    for step in (steps.SIGN_UP, steps.SELECT_PARTNERS):
        answer = await client.make(step)
    own = answer.json()["selected_partners"][-1]
    assert own["is_custom"]
    units = (await client.make(Step("GET", f"/onboarding/partner/{own['id']}/units"))).json()
    assert (units["partner_id"], units["partner_name"]) == (own["id"], "Bell boys")


@pytest.mark.parametrize("slug", ["senior-management", "senior_management"])
async def test_slugs_are_read_in_both_spellings_and_written_in_one(client, slug) -> None:
    await client.make(steps.SIGN_UP)
    chosen = (await client.make(Step("POST", "/onboarding/select-partners", {"partner_ids": [slug]}))).json()
    assert [partner["id"] for partner in chosen["selected_partners"]] == ["senior_management"]
    path = f"/onboarding/partner/{slug}"
    saved = await client.make(Step("POST", f"{path}/select-units", {"unit_selections": [{"unit_id": "phone-calls"}]}))
    assert saved.json()["selected_units"] == [{"id": "phone_calls", "name": "Phone Calls"}]
    assert (await client.make(Step("GET", f"{path}/user-units"))).json()["selected_units"][0]["id"] == "phone_calls"


@pytest.mark.parametrize("field", ["user_name", "full_name"])
@pytest.mark.parametrize("mask", ["", "?update_mask=user_name", "?update_mask=full_name"])
async def test_a_name_is_changed_by_either_name_and_either_mask(client, field, mask) -> None:
    await client.make(steps.SIGN_UP)
    changed = await client.make(Step("PATCH", f"/user/profile{mask}", {field: "陳大文"}))
    assert changed.json()["user_name"] == "陳大文"


async def test_what_a_mask_does_not_name_stays(client) -> None:
    await client.make(steps.SIGN_UP)
    body = {"user_name": "Somebody Else", "native_language": "english"}
    changed = (await client.make(Step("PATCH", "/user/profile?update_mask=native_language", body))).json()
    assert (changed["user_name"], changed["native_language"]) == ("Aylin Demir", "english")


@pytest.mark.parametrize("bad", [{"user_name": "A"}, {"native_language": "klingon"}, {"industry_id": ""}])
async def test_a_refused_change_of_the_profile_changes_nothing(client, bad) -> None:
    await client.make(steps.SIGN_UP)
    before = (await client.make(steps.GET_PROFILE)).json()
    good = {"user_name": "Somebody Else", "native_language": "english", "industry_id": "real_estate"}
    refused = await client.make(Step("PATCH", "/user/profile", good | bad))
    assert refused.status_code == 400
    assert [detail["field"] for detail in refused.json()["error"]["details"]] == list(bad)
    after = (await client.make(steps.GET_PROFILE)).json()
    assert after | {"_meta": None} == before | {"_meta": None}


async def test_by_grpc_a_profile_without_a_mask_changes_the_fields_it_sets(product) -> None:
    stub = StubClient(product.grpc.channel)
    await stub.make(steps.SIGN_UP)
    body = {"full_name": "陳大文", "email": "another@example.com"}
    profile = (await stub.make(Step("PATCH", "/user/profile", body, "UserService/UpdateProfile"))).profile
    assert (profile.user_name, profile.user_email) == ("陳大文", stub.email)


async def test_errors_have_old_names_by_grpc_too(product) -> None:
    sign_up = auth_service_pb2.SignUpRequest(full_name="A", email="nobody", password=PASSWORD)
    with pytest.raises(AioRpcError) as refused:
        await auth_service_pb2_grpc.AuthServiceStub(product.grpc.channel).SignUp(sign_up)
    details = dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]
    bad = BadRequest()
    assert any(detail.Unpack(bad) for detail in Status.FromString(details).details)
    assert [violation.field for violation in bad.field_violations] == ["user_email", "user_name"]


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (steps.SIGN_UP, {"user_name": "Ann Lee", "full_name": "Ann Lee"}),
        (steps.SIGN_UP, {"email": "a@example.com", "user_email": "a@example.com"}),
        (steps.LOG_IN, {"user_email": "a@example.com", "email": "b@example.com"}),
        (steps.UPDATE_PROFILE, {"full_name": "Ann Lee", "user_name": "Bob Lee"}),
        (steps.SET_INDUSTRY, {"industry_id": "real_estate", "industry_name": "Real Estate"}),
    ],
)
async def test_both_names_in_one_body_are_refused_by_both_names(client, step, named) -> None:
    await client.make(steps.SIGN_UP)
    refused = await client.make(Step(step.verb, step.path, named, signed_in=step.signed_in))
    error = refused.json()["error"]
    assert refused.status_code == 400
    assert all(name in error["message"] for name in named)
    assert [detail["field"] in named for detail in error["details"]] == [True]


async def test_an_error_has_its_own_shape_and_nothing_else(client) -> None:
    refused = await client.make(Step("POST", "/auth/signup", {"user_name": ["A"]}, signed_in=False))
    assert refused.status_code == 400
    assert set(refused.json()) == {"error", "_meta"}
    assert set(refused.json()["error"]) == {"code", "message", "details"}
    assert [set(detail) for detail in refused.json()["error"]["details"]] == [{"field", "message"}]


async def test_an_unknown_field_is_passed_over_in_v1_and_refused_in_v2(client, product) -> None:
    await client.make(steps.SIGN_UP)
    body = {"native_language": "english", "theme": {"dark": True}}
    assert (await client.make(Step("POST", "/onboarding/set-language", body))).status_code == 200
    headers = {"authorization": f"Bearer {client.token}"}
    body = {"language_id": "english", "theme": {"dark": True}}
    refused = await product.http.client.put("/api/v2/onboarding/native-language", json=body, headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "UNKNOWN_FIELD")
