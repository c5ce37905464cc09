"""Entity tags: what they are made of, who gets a 304, and what an update takes back."""

import gzip
import json

import pytest
from google.protobuf.message_factory import GetMessageClass

from gateway.app import Gateway
from gateway.errors import Refusal
from gateway.etags import etag_of, hash_of, is_known, packed, state_of_if_match

_NOTES = """
package notes.v1;
import "google/api/annotations.proto";
message Note { string id = 1; string text = 2; string etag = 3; repeated Note replies = 4; }
message Odd { int32 etag = 1; }
message NoteRequest { string id = 1; string etag = 2; }
message NoteResponse { Note note = 1; }
service Notes {
  rpc GetNote(NoteRequest) returns (Note) { option (google.api.http) = {get: "/notes/{id}"}; }
  rpc GetWithin(NoteRequest) returns (NoteResponse) {
    option (google.api.http) = {
      get: "/within/{id}"
      additional_bindings {get: "/shown/{id}" response_body: "note"}
    };
  }
  rpc GetOdd(NoteRequest) returns (Odd) { option (google.api.http) = {get: "/odd/{id}"}; }
  rpc Touch(NoteRequest) returns (Note) { option (google.api.http) = {post: "/notes/{id}:touch"}; }
}
"""


@pytest.fixture
def notes(compile_proto, upstream, client_of):
    """Return a client of the service above, and a maker of its messages."""
    image = compile_proto(_NOTES)
    make = lambda kind, **fields: GetMessageClass(image.pool.FindMessageTypeByName(f"notes.v1.{kind}"))(**fields)  # noqa: E731  # shorter
    return client_of(Gateway(image, upstream)), make


@pytest.mark.parametrize(
    ("value", "key", "expected"),
    [
        ({"etag": "7"}, "etag", '"7"'),
        ({"etag": "a,b\\~!"}, "etag", '"a,b\\~!"'),
        ({"etag": "7"}, "", None),
        ({}, "etag", None),
        (None, "etag", None),
        ({"etag": ""}, "etag", None),
        ({"etag": '"7"'}, "etag", None),
        ({"etag": "a b"}, "etag", None),
        ({"etag": "é"}, "etag", None),
        ({"etag": "a\r\nset-cookie: x"}, "etag", None),
        ([1], "", None),
    ],
)
def test_a_tag_is_the_messages_own_etag_or_else_a_weak_hash(value, key, expected):
    assert etag_of(value, key, b"content") == (expected or hash_of(b"content"))


def test_a_hash_is_weak_and_changes_with_the_content():
    assert hash_of(b"a").startswith('W/"')
    assert hash_of(b"a") == hash_of(b"a") != hash_of(b"b")


def test_the_gzip_form_has_a_strong_tag_of_its_own():
    assert packed('"7"') == '"7--gzip"'
    assert packed('W/"7"') == 'W/"7"'


@pytest.mark.parametrize(
    ("header", "etag", "expected"),
    [
        (b'"7"', '"7"', True),
        (b'W/"7"', '"7"', True),
        (b'"7"', 'W/"7"', True),
        (b'"7--gzip"', '"7"', True),
        (b'"7"', '"7--gzip"', True),
        (b'"5", W/"6" ,"7"', '"7"', True),
        (b'"a,b"', '"a,b"', True),
        (b"*", 'W/"7"', True),
        (b" * ", '"7"', True),
        (b'"8"', '"7"', False),
        (b"7", '"7"', False),
        (b"", '"7"', False),
        (b'"7', '"7"', False),
        (b'"*"', '"7"', False),
        (b"\xff", '"7"', False),
    ],
)
def test_if_none_match_compares_weakly(header, etag, expected):
    assert is_known(header, etag) is expected


@pytest.mark.parametrize(("text", "state"), [('"7"', "7"), (' "7" ', "7"), ('"7--gzip"', "7"), ('"a,b"', "a,b")])
def test_if_match_names_one_state(text, state):
    assert state_of_if_match(text) == state


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*", "leave it out"),
        ('W/"7"', "weak"),
        ('"7", "8"', "list"),
        ('"7", W/"8"', "list"),
        ("7", "in quotes"),
        ("", "in quotes"),
        ('"', "in quotes"),
        ('""', "in quotes"),
        ('"--gzip"', "in quotes"),
        ('"7"8', "in quotes"),
    ],
)
def test_an_if_match_that_names_no_one_state_is_refused_for_its_reason(text, said):
    with pytest.raises(Refusal, match=said) as caught:
        state_of_if_match(text)
    assert caught.value.http_status == 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_read_that_changed_nothing_is_304_without_a_body(notes, upstream, method):
    client, make = notes
    upstream.reply = make("Note", id="1", text="t", etag="7")
    first = await client.request(method, "/notes/1")
    assert (first.status, first.headers["etag"]) == (200, '"7"')
    again = await client.request(method, "/notes/1", headers={"if-none-match": '"6", "7"'})
    assert (again.status, again.body) == (304, b"")
    assert again.headers.keys() == {"etag", "cache-control", "x-request-id"}
    assert (again.headers["etag"], again.headers["cache-control"]) == ('"7"', first.headers["cache-control"])
    upstream.reply.etag = "8"
    assert (await client.request(method, "/notes/1", headers={"if-none-match": '"7"'})).status == 200


async def test_only_the_etag_of_what_is_shown_counts(notes, upstream):
    client, make = notes
    upstream.reply = make("NoteResponse", note={"etag": "7"})
    assert (await client.get("/shown/1")).headers["etag"] == '"7"'
    assert (await client.get("/within/1")).headers["etag"].startswith('W/"')
    upstream.reply = make("NoteResponse")
    assert (await client.get("/shown/1")).headers["etag"] == hash_of(b"null")
    upstream.reply = make("Odd", etag=7)
    assert (await client.get("/odd/1")).headers["etag"].startswith('W/"')


async def test_a_hash_is_of_the_content_and_not_of_its_envelope(client, upstream, message):
    upstream.reply = message("shop.v2.CustomerResponse", customer={"id": "c1"})
    first = await client.get("/api/v2/customers/c1", x_request_id="r1")
    second = await client.get("/api/v2/customers/c1", x_request_id="r2")
    assert first.json["meta"] != second.json["meta"]
    assert (
        first.headers["etag"]
        == second.headers["etag"]
        == hash_of(json.dumps(first.json["data"], separators=(",", ":")).encode())
    )
    assert (await client.get("/api/v2/customers/c1", if_none_match=first.headers["etag"])).status == 304


async def test_a_file_has_a_hash(client, upstream, message):
    upstream.reply = message("google.api.HttpBody", content_type="image/png", data=b"x")
    assert (await client.get("/v1/blob")).headers["etag"] == hash_of(b"x")
    assert (await client.get("/v1/blob", if_none_match=hash_of(b"x"))).status == 304


async def test_writes_errors_and_streams_have_no_tag(notes, client, upstream, failure):
    notes_client, make = notes
    upstream.reply = make("Note", etag="7")
    touched = await notes_client.request("POST", "/notes/1:touch", headers={"if-none-match": "*"})
    assert (touched.status, "etag" in touched.headers) == (200, False)
    assert "etag" not in (await client.get("/v1/stream", if_none_match="*")).headers
    upstream.reply = failure(5)
    refused = await client.get("/v1/author", if_none_match="*")
    assert (refused.status, "etag" in refused.headers) == (404, False)


async def test_a_tag_of_the_gzip_form_comes_back_by_either_header(notes, upstream):
    client, make = notes
    upstream.reply = make("Note", text="t" * 5000, etag="7")
    response = await client.get("/notes/1", accept_encoding="gzip")
    assert (response.headers["etag"], response.headers["vary"]) == ('"7--gzip"', "accept-encoding")
    assert json.loads(gzip.decompress(response.body))["etag"] == "7"
    again = await client.get("/notes/1", accept_encoding="gzip", if_none_match='"7--gzip"')
    assert (again.status, again.headers["etag"], again.headers["vary"]) == (304, '"7--gzip"', "accept-encoding")
    assert "content-encoding" not in again.headers
    await client.request("POST", "/notes/1:touch", headers={"if-match": '"7--gzip"'})
    assert b"7--gzip" not in upstream.requests[-1]
    assert upstream.requests[-1].endswith(b"\x12\x017")


async def test_a_handlers_own_tag_wins(notes, upstream):
    client, make = notes
    upstream.reply = make("Note", etag="7")
    upstream.initial = [("etag", '"mine"')]
    response = await client.get("/notes/1")
    assert [value for name, value in response.header_list if name == b"etag"] == [b'"mine"']
    assert (await client.get("/notes/1", if_none_match='"mine"')).status == 304
    assert (await client.get("/notes/1", if_none_match='"7"')).status == 200
