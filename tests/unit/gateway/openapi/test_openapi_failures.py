"""The errors that operations name."""

import pytest


@pytest.fixture
def responses(v2):
    """Return the error answers of an operation, with those that are shared in place."""

    def of(path: str, method: str):
        found = v2["paths"][f"/api/v2{path}"][method]["responses"]
        shared = v2["components"]["responses"]
        resolved = {
            status: shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
            for status, each in found.items()
        }
        return {status: each for status, each in resolved.items() if status >= "4"}

    return of


def _reasons(response) -> set[str]:
    return set(response["content"]["application/json"].get("examples", ()))


def test_a_methods_own_reasons_are_its_errors(responses) -> None:
    assert _reasons(responses("/rooms/{room_id}", "get")["404"]) == {"ROOM_NOT_FOUND"}
    assert "404" in responses("/rooms/{room_id}:close", "post")
    assert "404" not in responses("/rooms", "get")


def test_common_reasons_are_errors_of_the_methods_they_are_for(responses) -> None:
    assert "401" not in responses("/rooms/{room_id}", "get")
    assert _reasons(responses("/rooms", "get")["401"]) == {"TOKEN_MISSING"}
    assert "409" not in responses("/rooms", "get")
    assert _reasons(responses("/rooms", "post")["409"]) == {"CONCURRENT"}
    assert _reasons(responses("/rooms", "get")["503"]) == {"UNAVAILABLE"}


def test_an_etag_that_does_not_match_is_412_where_a_header_brings_it(responses) -> None:
    of_update = responses("/rooms/{room_id}", "patch")
    assert _reasons(of_update["412"]) == _reasons(of_update["409"]) == {"ETAG_MISMATCH", "CONCURRENT"}


def test_an_error_that_nobody_can_read_is_not_described(responses, v2) -> None:
    assert "499" not in responses("/rooms", "get")
    assert "CANCELLED" not in v2["components"]["examples"]
    assert "INTERRUPTED" not in v2["components"]["examples"]


def test_what_the_gateway_refuses_depends_on_what_the_operation_takes(responses) -> None:
    assert {"413", "415"} <= set(responses("/rooms", "post"))
    assert not {"413", "415"} & set(responses("/rooms", "get"))
    assert "406" not in responses("/rooms/{room_id}/photo", "get")
    assert "MALFORMED_JSON" not in responses("/pictures", "post")["400"]["description"]


def test_the_headers_of_an_error_are_named(responses) -> None:
    of_list = responses("/rooms", "get")
    assert "www-authenticate" in of_list["401"]["headers"]
    assert "retry-after" in of_list["429"]["headers"]
    assert all("x-request-id" in each["headers"] for each in of_list.values())


def test_every_error_can_be_problem_details(responses) -> None:
    for each in responses("/rooms", "get").values():
        schema = each["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_an_example_is_what_the_gateway_would_write(v2) -> None:
    assert v2["components"]["examples"]["ROOM_NOT_FOUND"] == {
        "summary": "There is no such room.",
        "value": {
            "error": {
                "code": "ROOM_NOT_FOUND",
                "status": "NOT_FOUND",
                "message": "There is no such room.",
                "details": [
                    {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": "ROOM_NOT_FOUND",
                        "domain": "hotel",
                        "metadata": {"room_id": "12"},
                    }
                ],
            },
            "meta": {
                "request_id": "6f1e2b0a-6b0c-4e0e-9d0b-5d2f1f4a7c33",
                "timestamp": "2026-01-02T10:00:00.000Z",
                "version": "v2",
            },
        },
    }


def test_an_example_that_is_no_json_is_passed_over(v2) -> None:
    example = v2["components"]["examples"]["TOO_MANY"]
    assert example["summary"] == "Too many at once."
    assert example["value"]["error"]["details"] == []


def test_errors_look_as_the_version_has_them(v1, describe) -> None:
    flat = v1["components"]["schemas"]["Error"]
    assert flat["required"] == ["error", "_meta"]
    assert flat["properties"]["error"]["required"] == ["code", "message", "details"]
    plain = describe("""
    message M {}
    service S { rpc Go(M) returns (M) { option (google.api.http) = {get: "/m"}; } }
    """)
    assert plain["components"]["schemas"]["Error"]["required"] == ["code", "message"]
    assert set(plain["paths"]["/m"]["get"]["responses"]) == {"200", "304", "400", "406", "default"}
