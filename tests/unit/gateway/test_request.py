"""How path, query, body and headers become one request."""

import pytest
from google.protobuf.message_factory import GetMessageClass

from gateway.app import Gateway

REQUEST = "library.v1.Request"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/v1/shelves/s%2F1/books/b%201", {"shelf": "s/1", "book": "b 1"}),
        ("/v1/files/a%2Fb/c%20d", {"book": "a%2Fb/c d"}),
        ("/v1/files", {"book": ""}),
        ("/v1/stream?pageSize=5&page_size=5", None),
        (
            "/v1/stream?page_size=5&author.name=Ann&author.born=1900",
            {"page_size": 5, "author": {"name": "Ann", "born": 1900}},
        ),
        ("/v1/stream?tags=a&tags=b,c", {"tags": ["a", "b,c"]}),
        ("/v1/stream?labels[a]=1&labels[b%5D]=2", {"labels": {"a": "1", "b]": "2"}}),
        ("/v1/stream?update_mask=pageSize,author.name", {"update_mask": {"paths": ["page_size", "author.name"]}}),
        ("/v1/stream?&&shelf=a+b%26c&", {"shelf": "a b&c"}),
        ("/v1/stream?shelf", {"shelf": ""}),
        ("/v1/pages/5?page=5", {"page": 5}),
        ("/v1/pages/5", {"page": 5}),
    ],
)
async def test_path_and_query_set_fields(client, sent, message, target, expected):
    response = await client.get(target)
    if expected is None:
        assert response.status == 400
    else:
        assert response.status == 200
        assert sent(REQUEST) == message(REQUEST, **expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("w=1", None),
        ("int32_value=5", {"int32_value": {"value": 5}}),
        ("int32_value.value=5", {"int32_value": {"value": 5}}),
        ("int32_value=5&int32_value.value=5", None),
        ("string_value=", {"string_value": {"value": ""}}),
        ("timestamp=1970-01-01T00:00:01Z", {"timestamp": {"seconds": 1}}),
        (
            "timestamp_many=1970-01-01T00:00:01Z&timestamp_many=1970-01-01T00:00:02Z",
            {"timestamp_many": [{"seconds": 1}, {"seconds": 2}]},
        ),
        ("duration=1.5s", {"duration": {"seconds": 1, "nanos": 500000000}}),
        ("bool_one=true", {"bool_one": True}),
        ("bool_one=1", None),
        ("enum_one=COLOR_RED", {"enum_one": 1}),
        ("enum_one=-1", {"enum_one": -1}),
        ("enum_one=99", None),
        ("bytes_one=AP-_", {"bytes_one": b"\x00\xff\xbf"}),
        ("by_bool[true]=5", {"by_bool": {True: 5}}),
        ("by_bool[1]=5", None),
        ("wrapped[a]=5", {"wrapped": {"a": {"value": 5}}}),
        ("by_string=5", None),
        ("string_one[a]=5", None),
        ("by_int64[1]=5", None),
        ("kinds_one=x", None),
        ("kinds_one.kinds_one.int32_one=5", {"kinds_one": {"kinds_one": {"int32_one": 5}}}),
        ("kinds_many.int32_one=5", None),
        ("choice_string=a&choice_int32=1", None),
        ("choice_kinds.choice_int32=1&choice_int32=1", None),
        ("struct=x", None),
        ("value=x", None),
        ("timestamp.seconds=1", None),
        ("kinds_one.=x", None),
        ("string_one=%FF", None),
        ("string_one=%zz", None),
        ("renamed=x", {"odd_name": "x"}),
    ],
)
async def test_a_query_holds_every_type_that_text_can(client, sent, message, query, expected):
    response = await client.get(f"/v1/kinds?{query}")
    if expected is None:
        assert response.status == 400
        assert response.json["details"][1]["fieldViolations"]
    else:
        assert response.status == 200
        assert sent("kinds.v1.Kinds") == message("kinds.v1.Kinds", **expected)


async def test_an_unknown_parameter_is_refused_by_its_name(client):
    error = (await client.get("/v1/stream?nope=1")).json
    assert error["code"] == 3
    assert error["details"][0]["reason"] == "UNKNOWN_PARAMETER"
    assert error["details"][1]["fieldViolations"][0]["field"] == "nope"


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/v1/pages/5?page=6", b""),
        ("GET", "/v1/pages/5?chapter=x", b""),
        ("POST", "/v1/shelves/s1/books", {"shelf": "s2"}),
        ("POST", "/v1/shelves/s1/books?book=x", {}),
        ("PATCH", "/v1/shelves/s1/author?author.name=x", {"name": "y"}),
        ("GET", "/v1/pages/five", b""),
        ("GET", "/v1/shelves/%FF/books/b", b""),
        ("GET", "/v1/shelves/%2/books/b", b""),
    ],
)
async def test_parts_that_contradict_each_other_are_refused(client, upstream, method, target, body):
    response = await client.request(method, target, body)
    assert response.status == 400
    assert upstream.calls == []


@pytest.mark.parametrize(
    ("request_line", "body", "expected"),
    [
        ("POST /v1/shelves/s1/books", {"shelf": "s1", "book": "b"}, {"shelf": "s1", "book": "b"}),
        ("POST /v1/shelves/s1/books", b"", {"shelf": "s1"}),
        ("PUT /v1/shelves/s1/tags?book=b", ["a", "b"], {"shelf": "s1", "book": "b", "tags": ["a", "b"]}),
        ("PUT /v1/shelves/s1/tags", b"", {"shelf": "s1"}),
        ("POST /v1/shelves/s1:archive?book=b", b"not read", {"shelf": "s1", "book": "b"}),
        ("POST /library.v1.Library/Unannotated", {"book": "b"}, {"book": "b"}),
    ],
)
async def test_the_body_fills_what_its_rule_says(client, sent, request_line, body, expected):
    assert (await client.request(*request_line.split(" "), body)).status == 200
    request = sent(REQUEST)
    assert request == type(request)(**expected)


async def test_a_body_may_come_in_pieces(client, sent):
    assert (await client.request("POST", "/v1/shelves/s/books", (b'{"bo', b'ok": ', b'"b"}'))).status == 200
    assert sent(REQUEST).book == "b"


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/merge-patch+json", ""]
)
async def test_json_bodies_are_taken(client, kind):
    assert (await client.request("POST", "/v1/shelves/s/books", {}, {"content-type": kind})).status == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "text/json", "multipart/form-data"]
)
async def test_other_bodies_are_refused(client, kind):
    response = await client.request("POST", "/v1/shelves/s/books", {}, {"content-type": kind})
    assert response.status == 415
    assert response.json["code"] == 3


async def test_an_http_body_takes_any_bytes_with_their_type(client, sent):
    await client.request("POST", "/v1/blobs/b1", b"\x00\xff", {"content-type": "image/png"})
    upload = sent("library.v1.Upload")
    assert (upload.name, upload.file.content_type, upload.file.data) == ("b1", "image/png", b"\x00\xff")


async def test_headers_stand_for_fields(client, sent):
    headers = {"if-match": '"e1"', "idempotency-key": "k1"}
    assert (await client.request("POST", "/api/v2/customers", {}, headers)).status == 201
    assert (sent("shop.v2.CustomerRequest").etag, sent("shop.v2.CustomerRequest").idempotency_key) == ("e1", "k1")


@pytest.mark.parametrize("etag", ['W/"e1"', "e1", "*", '"a", "b"', '"'])
async def test_an_if_match_that_is_not_one_strong_etag_is_refused(client, etag):
    response = await client.request("POST", "/api/v2/customers", {}, {"if-match": etag})
    assert response.status == 400
    assert response.json["error"]["details"][0]["field"] == "if-match"


async def test_a_header_that_contradicts_the_body_is_refused(client):
    assert (await client.request("POST", "/api/v2/customers", {"etag": "e2"}, {"if-match": '"e1"'})).status == 400
    assert (await client.request("POST", "/api/v2/customers", {"etag": "e1"}, {"if-match": '"e1"'})).status == 201


_TICKETS = """
package tickets.v1;
import "google/api/annotations.proto";
import "options.proto";
message Booking { string seat = 1; string etag = 2; string idempotency_key = 3; }
message Tail { string since = 1 [(fluentpro.contract.v1.cursor) = true]; int32 etag = 2; bytes idempotency_key = 3; }
service Tickets {
  rpc Whatever(Booking) returns (Booking) { option (google.api.http) = {put: "/seats/{seat}" body: "*"}; }
  rpc Anything(Tail) returns (stream Tail) { option (google.api.http) = {get: "/tail"}; }
}
"""


async def test_headers_stand_for_fields_of_any_service_whatever_its_methods_are_called(
    compile_proto, upstream, client_of
):
    image = compile_proto(_TICKETS)
    client = client_of(Gateway(image, upstream))
    await client.request("PUT", "/seats/a1", {}, {"if-match": '"e1"', "idempotency-key": " k1 "})
    await client.request(
        "GET", "/tail?since=1", headers={"last-event-id": "7", "idempotency-key": "k", "if-match": "x"}
    )
    booking, tail = (
        GetMessageClass(image.pool.FindMessageTypeByName(f"tickets.v1.{name}")) for name in ("Booking", "Tail")
    )
    assert booking.FromString(upstream.requests[0]) == booking(seat="a1", etag="e1", idempotency_key="k1")
    assert tail.FromString(upstream.requests[1]) == tail(since="7")


@pytest.mark.parametrize("value", ["", " ", "\t", "k" * 256, "\xff"])
async def test_an_idempotency_key_that_is_none_is_refused_by_its_headers_name(client, upstream, value):
    response = await client.request("POST", "/api/v2/customers", {}, {"idempotency-key": value})
    assert (response.status, response.json["error"]["code"]) == (400, "INVALID_HEADER")
    assert response.json["error"]["details"][0]["field"] == "idempotency-key"
    assert upstream.calls == []


async def test_an_idempotency_key_may_be_long(client, sent):
    assert (await client.request("POST", "/api/v2/customers", {}, {"idempotency-key": "k" * 255})).status == 201
    assert sent("shop.v2.CustomerRequest").idempotency_key == "k" * 255


@pytest.mark.parametrize("value", ["", "  ", "\xff"])
async def test_a_last_event_id_that_is_none_is_refused_by_its_headers_name(client, upstream, value):
    response = await client.get("/api/v2/events", last_event_id=value)
    assert (response.status, response.json["error"]["details"][0]["field"]) == (400, "last-event-id")
    assert upstream.calls == []


async def test_headers_without_a_field_are_passed_over(client):
    assert (await client.get("/v1/author", if_match='"e1"', idempotency_key="k", last_event_id="7")).status == 200


async def test_last_event_id_wins_over_the_query(client, sent):
    await client.get("/api/v2/events?after=1", last_event_id="2")
    assert sent("shop.v2.WatchRequest").after == "2"


@pytest.mark.parametrize(
    ("target", "body", "paths"),
    [
        ("/api/v2/customers/c1", {"full_name": "Ann"}, ["full_name"]),
        ("/api/v2/customers/c1", {"fullName": "Ann", "nick_name": None}, ["full_name", "nick_name"]),
        ("/api/v2/customers/c1", {"id": "c1", "full_name": ""}, ["full_name"]),
        ("/api/v2/customers/c1", {"home_address": {"street_name": "x", "country": "y"}}, ["home_address.street_name"]),
        ("/api/v2/customers/c1", {"home_address": None}, ["home_address"]),
        ("/api/v2/customers/c1", {"home_address": {}}, ["home_address"]),
        ("/api/v2/customers/c1", {}, []),
        ("/api/v2/customers/c1?update_mask=full_name", {"nick_name": "x"}, ["full_name"]),
        ("/api/v2/customers/c1?update_mask=fullName,homeAddress", {}, ["full_name", "home_address"]),
    ],
)
async def test_a_patch_has_the_mask_of_its_body(client, sent, target, body, paths):
    assert (await client.request("PATCH", target, body)).status == 200
    request = sent("shop.v2.CustomerRequest")
    assert request.HasField("update_mask")
    assert list(request.update_mask.paths) == paths


@pytest.mark.parametrize("mask", ["id", "full_name,id", "home_address.country"])
async def test_a_mask_that_names_what_cannot_change_is_refused(client, mask):
    response = await client.request("PATCH", f"/api/v2/customers/c1?update_mask={mask}", {"full_name": "x"})
    assert response.status == 400
    assert response.json["error"]["details"][0]["field"] == "update_mask"


async def test_a_put_has_no_mask_of_its_own(client, sent):
    await client.request("PUT", "/v1/shelves/s/tags", ["a"])
    assert not sent(REQUEST).HasField("update_mask")
