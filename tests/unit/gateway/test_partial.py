"""Partial answers by `$fields`."""

import json

import pytest

from gateway.codec.fault import Fault
from gateway.codec.names import JsonStyle
from gateway.partial import cut_fields, pick, tree_of

_PROTO = JsonStyle(proto_names=True)


@pytest.mark.parametrize(
    ("query", "fields", "rest"),
    [
        (b"", None, b""),
        (b"a=1&fields=x&b", None, b"a=1&fields=x&b"),
        (b"$fields=a", "a", b""),
        (b"%24fields=a%2Cb.c", "a,b.c", b""),
        (b"x=1&$fields=a,+b&y=$fields", "a, b", b"x=1&y=$fields"),
        (b"$fields", "", b""),
        (b"$fields=a=b", "a=b", b""),
    ],
)
def test_the_parameter_is_taken_out_of_the_query(query, fields, rest):
    assert cut_fields(query) == (fields, rest)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (b"$fields=a&%24fields=b", "INVALID_VALUE"),
        (b"$fields=%zz", "BAD_ESCAPE"),
        (b"$fields=\xff", "BAD_ESCAPE"),
        (b"$fields=%ff", "BAD_ESCAPE"),
    ],
)
def test_a_parameter_that_is_none_is_named(query, reason):
    with pytest.raises(Fault) as caught:
        cut_fields(query)
    assert (caught.value.path, caught.value.reason) == ("$fields", reason)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("string_one", {"stringOne": None}),
        ("stringOne,int32One", {"stringOne": None, "int32One": None}),
        (" kinds_one.kindsOne.string_one , bool_one", {"kindsOne": {"kindsOne": {"stringOne": None}}, "boolOne": None}),
        ("kinds_many.bool_one", {"kindsMany": {"boolOne": None}}),
        ("kinds_one,kinds_one.bool_one", {"kindsOne": None}),
        ("kinds_one.bool_one,kinds_one", {"kindsOne": None}),
        ("by_string.a,by_string.b", {"byString": {"a": None, "b": None}}),
        ("by_int64.7.bool_one,by_int64.*.int32_one", {"byInt64": {"7": {"boolOne": None}, "*": {"int32One": None}}}),
        ("timestamp,any,struct,wrapped.a", {"timestamp": None, "any": None, "struct": None, "wrapped": {"a": None}}),
        ("odd_name", {"renamed": None}),
        ("renamed", {"renamed": None}),
        ("choice_kinds.class", {"choiceKinds": {"class": None}}),
    ],
)
def test_paths_name_fields_in_either_spelling(image, text, tree):
    kinds = image.pool.FindMessageTypeByName("kinds.v1.Kinds")
    assert tree_of(text, kinds, JsonStyle()) == tree


def test_names_come_out_as_the_style_writes_them(image):
    kinds = image.pool.FindMessageTypeByName("kinds.v1.Kinds")
    assert tree_of("stringOne,odd_name", kinds, _PROTO) == {"string_one": None, "renamed": None}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'': it names nothing"),
        (" ", "'': it names nothing"),
        ("nope", "'nope': there is no field 'nope'"),
        ("string_one,", "'': it names nothing"),
        ("string_one,nope", "'nope': there is no field 'nope'"),
        ("kinds_one.nope", "'kinds_one.nope': there is no field 'nope'"),
        ("kinds_one.", "'kinds_one.': a name in it is empty"),
        ("string_one.x", "'string_one.x': there is nothing with a name where 'x' is looked for"),
        ("by_string.a.b", "'by_string.a.b': there is nothing with a name where 'b' is looked for"),
        ("timestamp.seconds", "'timestamp.seconds': there is nothing with a name where 'seconds' is looked for"),
        ("struct.a", "'struct.a': there is nothing with a name where 'a' is looked for"),
        ("kinds_many.*", "'kinds_many.*': there is no field '*'"),
        ("*", "'*': there is no field '*'"),
        (".".join(["kinds_one"] * 101), "it has more than 100 names"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(image, text, said):
    kinds = image.pool.FindMessageTypeByName("kinds.v1.Kinds")
    with pytest.raises(Fault) as caught:
        tree_of(text, kinds, JsonStyle())
    assert caught.value.message.endswith(said)
    assert (caught.value.path, caught.value.reason) == ("$fields", "UNKNOWN_FIELD")


@pytest.mark.parametrize(
    ("value", "tree", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": None}, {"b": 2}),
        ({"a": 1}, {"b": None}, {}),
        ({"c": 1, "a": 2}, {"a": None, "c": None}, {"c": 1, "a": 2}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": None}}, {"a": {"y": 2}}),
        ({"a": [{"x": 1, "y": 2}, {"x": 3}, {}]}, {"a": {"x": None}}, {"a": [{"x": 1}, {"x": 3}, {}]}),
        ({"m": {"k": 1, "l": 2}}, {"m": {"k": None}}, {"m": {"k": 1}}),
        (
            {"m": {"k": {"x": 1, "y": 2}, "l": {"x": 3}}},
            {"m": {"*": {"x": None}}},
            {"m": {"k": {"x": 1}, "l": {"x": 3}}},
        ),
        (
            {"m": {"k": {"x": 1, "y": 2}, "l": {"x": 3}}},
            {"m": {"*": {"x": None}, "k": {"y": None}}},
            {"m": {"k": {"y": 2}, "l": {"x": 3}}},
        ),
        ({"a": None}, {"a": {"x": None}}, {"a": None}),
        (None, {"a": None}, None),
        ([{"a": 1, "b": 2}], {"a": None}, [{"a": 1}]),
    ],
)
def test_what_is_named_is_picked_in_the_order_of_the_message(value, tree, expected):
    assert list(json.dumps(pick(value, tree))) == list(json.dumps(expected))


@pytest.fixture
def book(upstream, message):
    upstream.reply = message(
        "library.v1.Reply", text="t", author={"name": "Ann", "born": 1}, authors=[{"name": "Bo", "born": 2}], count=5
    )


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("text", {"text": "t"}),
        ("author.name,authors.born", {"author": {"name": "Ann"}, "authors": [{"born": 2}]}),
        ("read_at", {}),
        ("readAt,count", {"count": "5"}),
    ],
)
async def test_an_answer_shows_what_is_asked_for(client, fields, expected):
    response = await client.get(f"/v1/shelves/s/books/b?$fields={fields}")
    assert (response.status, response.json) == (200, expected)
    posted = await client.request("POST", f"/library.v1.Library/Read?%24fields={fields}", {"shelf": "s"})
    assert posted.json == expected


@pytest.mark.usefixtures("book")
async def test_the_rest_of_the_query_is_the_requests(client, sent):
    await client.get("/v1/shelves/s/books/b?tags=a&$fields=text&tags=b")
    assert sent("library.v1.Request").tags == ["a", "b"]


@pytest.mark.usefixtures("book")
async def test_a_response_body_is_what_the_paths_begin_at(client):
    assert (await client.get("/v1/author?$fields=born")).json == {"born": 1}
    refused = await client.get("/v1/author?$fields=author.born")
    assert (refused.status, refused.json["details"][1]["fieldViolations"][0]["field"]) == (400, "$fields")
    assert (await client.get("/v1/count?$fields=count")).status == 400


@pytest.mark.parametrize("path", ["/v1/shelves/s/books/b", "/v1/stream", "/v1/blob", "/api/v2/customers/c"])
@pytest.mark.parametrize("fields", ["", "nope", "text,nope", "text.nope"])
async def test_naming_nothing_is_refused_before_a_call(client, upstream, path, fields):
    response = await client.get(f"{path}?$fields={fields}")
    assert response.status == 400
    assert b"UNKNOWN_FIELD" in response.body
    assert b'"$fields"' in response.body
    assert upstream.calls == []


async def test_a_mask_is_over_the_message_and_not_its_envelope(client, upstream, message):
    upstream.reply = message("shop.v2.CustomerResponse", customer={"id": "c", "full_name": "Ann"})
    response = await client.get("/api/v2/customers/c?$fields=customer.fullName", x_request_id="r1")
    assert response.json == {"data": {"customer": {"full_name": "Ann"}}, "meta": response.json["meta"]}
    assert response.json["meta"]["request_id"] == "r1"


async def test_a_flat_answer_keeps_its_meta(client, upstream, message):
    upstream.reply = message("shop.v1.ProfileResponse", profile={"user_name": "Ann"})
    response = await client.request("POST", "/api/v1/profile?$fields=userName", {})
    assert response.json.keys() == {"user_name", "_meta"}


@pytest.mark.usefixtures("book")
async def test_the_tag_is_of_what_is_shown(client, upstream):
    tags = {(await client.get(f"/v1/shelves/s/books/b{query}")).headers["etag"] for query in ("", "?$fields=text")}
    assert len(tags) == 2
    upstream.reply.count = 6
    again = await client.get("/v1/shelves/s/books/b?$fields=text", if_none_match=", ".join(tags))
    assert again.status == 304


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", b'[{"delta":"a"},{}]'),
        ("application/x-ndjson", b'{"delta":"a"}\n{}\n'),
        (
            "text/event-stream",
            b'retry: 3000\nid: 1\nevent: delta\ndata: {"delta":"a"}\n\nid: 2\nevent: done\ndata: {}\n\n',
        ),
    ],
)
async def test_each_message_of_a_stream_is_partial_and_its_event_whole(client, upstream, message, accept, expected):
    events = ({"cursor": "1", "delta": "a"}, {"cursor": "2", "done": "b"})
    upstream.replies = [message("shop.v2.WatchResponse", event=event) for event in events]
    assert (await client.get("/api/v2/events?$fields=delta", accept=accept)).body == expected


@pytest.mark.usefixtures("book")
async def test_masks_are_remembered_within_limits(client):
    masks = [f"text{',count' * index}" for index in range(100)]
    for mask in masks:
        assert (await client.get(f"/v1/shelves/s/books/b?$fields={mask}")).json["text"] == "t"
    match = client.app.routes.find("GET", "/v1/shelves/s/books/b")
    partial = match.target.answer.partial
    assert partial(masks[0]) is partial(masks[0])
    assert partial(masks[-1]) is not partial(masks[-1])
