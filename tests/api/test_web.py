"""What the web expects of every method: entity tags, partial answers, media types, problem details."""

import json
from uuid import uuid4

import pytest
from api.contract import RPCS
from api.doors import NDJSON, SSE

JSON = "application/json"
PROBLEM = "application/problem+json"
ME = "/api/v2/users/me"
READS = [name for name, rpc in RPCS.items() if rpc.verb == "GET" and not rpc.streams]
RAW_ANSWERS = ("AuthService/GetJwks", "UserService/ExportMe")
JSON_ANSWERS = [name for name in RPCS if name not in RAW_ANSWERS]


@pytest.mark.parametrize("name", READS)
async def test_a_read_is_answered_once_to_who_has_it(http, owner, requests, name) -> None:
    parts = http.parts(name, requests[name], owner.token_for(name))
    first = await http.client.request(**parts)
    assert first.status_code == 200
    assert first.headers["cache-control"] == ("public, no-cache" if RPCS[name].is_public else "private, no-store")
    parts["headers"]["if-none-match"] = first.headers["etag"]
    for method in ("GET", "HEAD"):
        again = await http.client.request(**parts | {"method": method})
        assert (again.status_code, again.content) == (304, b"")
        same = ("etag", "cache-control", "vary")
        assert [again.headers.get(key) for key in same] == [first.headers.get(key) for key in same]


@pytest.mark.parametrize("name", RPCS)
async def test_an_error_is_kept_by_nobody(http, requests, name) -> None:
    response = await http.client.request(**http.parts(name, requests[name], "bad"))
    assert response.status_code >= 400 or RPCS[name].is_public
    assert response.status_code < 400 or response.headers["cache-control"] == "no-store"


async def test_the_etag_of_a_read_is_taken_back_by_an_update(http, learner) -> None:
    read = await http.client.get(ME, headers={"authorization": f"Bearer {learner.token}"})
    assert read.headers["etag"] == f'"{read.json()["data"]["etag"]}"'
    headers = {"if-match": read.headers["etag"], "content-type": JSON}
    updated = await http.raw("PATCH", ME, learner.token, content='{"full_name": "Mei"}', headers=headers)
    assert updated.http_status == 200
    refused = await http.raw("PATCH", ME, learner.token, content='{"full_name": "Mei Chan"}', headers=headers)
    assert (refused.http_status, refused.reason) == (412, "ETAG_MISMATCH")


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("etag", ["*", 'W/"1"', '"1", "2"', "1", '""'])
async def test_an_if_match_that_names_no_one_state_changes_nothing(http, owner, etag) -> None:
    headers = {"if-match": etag, "content-type": JSON}
    refused = await http.raw("PATCH", ME, owner.token, content='{"full_name": "Mei"}', headers=headers)
    assert (refused.http_status, refused.reason, refused.fields) == (400, "INVALID_HEADER", ["if-match"])


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("name", JSON_ANSWERS)
async def test_a_call_whose_answer_nobody_takes_is_not_made(http, owner, requests, name) -> None:
    parts = http.parts(name, requests[name], owner.token)
    parts["headers"]["accept"] = "text/html, application/xml;q=0.9"
    response = await http.client.request(**parts)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (406, "NOT_ACCEPTABLE")
    assert all(form in error["message"] for form in ((JSON, NDJSON, SSE) if RPCS[name].streams else (JSON,)))


async def test_the_keys_are_served_whatever_accept_says(http) -> None:
    response = await http.client.get("/.well-known/jwks.json", headers={"accept": "application/jwk-set+json"})
    assert (response.status_code, "keys" in response.json()) == (200, True)


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize("name", JSON_ANSWERS)
async def test_naming_no_field_is_refused_before_the_call(http, owner, requests, name) -> None:
    parts = http.parts(name, requests[name], owner.token)
    parts["params"] = (parts["params"] or {}) | {"$fields": "nope"}
    response = await http.client.request(**parts)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "UNKNOWN_FIELD")
    assert error["details"][0]["field"] == "$fields"


@pytest.mark.parametrize(
    ("path", "fields", "keys"),
    [
        (ME, "email,createdAt", {"email", "created_at"}),
        ("/api/v2/industries?page_size=1", "industries.id,next_page_token", {"industries", "next_page_token"}),
    ],
)
async def test_an_answer_has_the_fields_that_are_asked_for(http, owner, path, fields, keys) -> None:
    url = f"{path}{'&' if '?' in path else '?'}$fields={fields}"
    answer = (await http.client.get(url, headers={"authorization": f"Bearer {owner.token}"})).json()
    assert answer["data"].keys() == keys
    assert answer["meta"]["version"] == "v2"
    assert all(item.keys() == {"id"} for item in answer["data"].get("industries", []))


@pytest.mark.parametrize(
    ("name", "is_signed_in", "status"),
    [
        ("UserService/GetMe", False, 401),
        ("ConversationService/GetConversation", True, 404),
        ("ConversationService/ResumeReply", True, 404),
        ("ConversationService/ResumeReply", False, 401),
    ],
)
async def test_an_error_may_be_problem_details(http, owner, name, is_signed_in, status) -> None:
    rpc = RPCS[name]
    request = rpc.request(**dict.fromkeys(rpc.path_fields, str(uuid4())))
    parts = http.parts(name, request, owner.token if is_signed_in else None)
    as_ever = (await http.client.request(**parts)).json()["error"]
    parts["headers"]["accept"] = f"{PROBLEM}, {parts['headers']['accept']}"
    response = await http.client.request(**parts)
    problem = response.json()
    assert (response.status_code, response.headers["content-type"], problem["status"]) == (status, PROBLEM, status)
    assert (problem["reason"], problem["detail"]) == (as_ever["code"], as_ever["message"])
    assert problem["type"] == f"urn:problem-type:fluentpro:{problem['reason']}"
    assert problem["instance"] == f"urn:request:{response.headers['x-request-id']}"


async def test_problem_details_name_every_field_at_fault(http) -> None:
    headers = {"accept": PROBLEM, "content-type": JSON}
    response = await http.client.post("/api/v2/auth/signup", content=json.dumps({"email": "x"}), headers=headers)
    fields = {error["field"] for error in response.json()["errors"]}
    assert response.headers["content-type"] == PROBLEM
    assert {"password", "full_name", "accept_terms"} <= fields
