"""gzip both ways."""

import gzip
import zlib

import pytest

from gateway.codec.fault import Fault
from gateway.compression import Codings, Deflater, Inflater, accepts_gzip, codings, compress, is_text, is_worth_it


def _inflate(*pieces):
    inflater = Inflater()
    plain = b"".join(part for piece in pieces for part in inflater.feed(piece))
    inflater.close()
    return plain


@pytest.mark.parametrize("plain", [b"", b"a", b"\x00" * 300_000, bytes(range(256)) * 1000])
def test_what_is_compressed_is_read_back_however_it_is_cut(plain):
    packed = gzip.compress(plain)
    assert _inflate(packed) == plain
    assert _inflate(*(packed[at : at + 7] for at in range(0, len(packed), 7))) == plain


def test_several_members_are_one_body():
    assert _inflate(gzip.compress(b"ab") + gzip.compress(b"cd")) == b"abcd"


def test_no_bytes_at_all_are_no_bytes():
    assert _inflate() == b""


@pytest.mark.parametrize(
    "packed",
    [
        b"plain",
        gzip.compress(b"abc", mtime=0)[:-1],
        gzip.compress(b"abc", mtime=0)[:5],
        gzip.compress(b"abc", mtime=0) + b"tail",
        gzip.compress(b"abc", mtime=0)[:-8] + b"\x00" * 8,
        zlib.compress(b"abc"),
    ],
)
def test_what_is_no_gzip_is_refused(packed):
    with pytest.raises(Fault) as caught:
        _inflate(packed)
    assert caught.value.reason == "MALFORMED_BODY"


def test_a_bomb_comes_out_a_piece_at_a_time():
    bomb = gzip.compress(b"\x00" * 50_000_000)
    assert len(bomb) < 100_000
    assert len(next(Inflater().feed(bomb))) == 64 << 10


def test_each_part_of_a_stream_can_be_read_at_once():
    deflater, reader = Deflater(), zlib.decompressobj(31)
    for part in (b"[1", b",2", b",3"):
        assert reader.decompress(deflater.part(part, more=True)) == part
    assert reader.decompress(deflater.part(b"]", more=False)) == b"]"
    assert reader.eof


def test_a_whole_body_is_plain_gzip():
    assert gzip.decompress(compress(b"abc" * 1000)) == b"abc" * 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("deflate, GZIP", True),
        ("x-gzip", True),
        ("gzip;q=0.5, br", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=much", False),
        ("gzip;level=1", True),
        ("*;q=0", False),
        ("br", False),
        ("br, zstd, gzip;q=0.001", True),
        ("gzip;Q=1.0", True),
        ("gzip ; q=0.5", True),
        ("gzip;q=-1", False),
        ("gzip;q=nan", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=0.5, identity;q=0.5", True),
        ("identity;q=0.5, *", True),
        (",, ,", False),
        ("x" * 300 + ", gzip", True),
    ],
)
def test_accept_encoding_asks_for_gzip_or_does_not(header, expected):
    assert accepts_gzip(header) is expected


@pytest.mark.parametrize(
    ("header", "plain"),
    [
        (b"gzip", True),
        (b"gzip, identity;q=0", False),
        (b"gzip, *;q=0", False),
        (b"gzip, identity;q=0.1, *;q=0", True),
        (b"gzip, *;q=0.1", True),
    ],
)
def test_accept_encoding_may_refuse_plain_bytes(header, plain):
    assert codings(header) == Codings(gzip=True, plain=plain)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"application/json", True),
        (b"application/problem+json; charset=utf-8", True),
        (b"TEXT/plain", True),
        (b"image/svg+xml", True),
        (b"application/x-ndjson", True),
        (b"text/event-stream", False),
        (b"image/png", False),
        (b"application/octet-stream", False),
        (b"", False),
    ],
)
def test_text_is_compressed_and_events_and_images_are_not(content_type, expected):
    assert is_text(content_type) is expected
    assert is_worth_it(content_type, 5000) is expected
    assert not is_worth_it(content_type, 100)


async def test_large_answers_are_compressed_for_who_asks(client, upstream, message):
    upstream.reply = message("library.v1.Reply", text="t" * 5000)
    plain = await client.get("/v1/shelves/s/books/b")
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "accept-encoding"
    packed = await client.get("/v1/shelves/s/books/b", accept_encoding="gzip")
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "accept-encoding")
    assert packed.headers["content-length"] == str(len(packed.body))
    assert gzip.decompress(packed.body) == plain.body
    head = await client.request("HEAD", "/v1/shelves/s/books/b", headers={"accept-encoding": "gzip"})
    assert (head.headers["content-length"], head.body) == (str(len(packed.body)), b"")


async def test_small_answers_are_sent_as_they_are(client):
    assert "content-encoding" not in (await client.get("/v1/author", accept_encoding="gzip")).headers


async def test_who_refuses_plain_bytes_gets_gzip_of_anything(client, upstream, message):
    small = await client.get("/v1/author", accept_encoding="gzip, identity;q=0")
    assert (small.headers["content-encoding"], gzip.decompress(small.body)) == ("gzip", b"null")
    upstream.replies = [message("library.v1.Reply", text="a")]
    events = await client.get("/v1/stream", accept="text/event-stream", accept_encoding="gzip, *;q=0")
    assert gzip.decompress(events.body).endswith(b'data: {"text":"a"}\n\n')


async def test_who_takes_nothing_that_there_is_gets_plain_bytes(client):
    response = await client.get("/v1/author", accept_encoding="br, identity;q=0")
    assert (response.status, response.body) == (200, b"null")


@pytest.mark.parametrize(
    ("accept", "is_packed"), [("", True), ("application/x-ndjson", True), ("text/event-stream", False)]
)
async def test_streams_are_compressed_and_events_are_not(client, upstream, message, accept, is_packed):
    upstream.replies = [message("library.v1.Reply", text=text) for text in "abc"]
    plain = await client.get("/v1/stream", accept=accept)
    packed = await client.get("/v1/stream", accept=accept, accept_encoding="gzip")
    assert ("content-encoding" in packed.headers) is is_packed
    assert (gzip.decompress(packed.body) if is_packed else packed.body) == plain.body


async def test_a_compressed_stream_that_fails_midway_shows_it(client, upstream, message, failure):
    upstream.replies = [message("library.v1.Reply", text="a"), failure(13)]
    packed = await client.get("/v1/stream", accept_encoding="gzip")
    assert gzip.decompress(packed.body).endswith(b'{"error":{"code":13,"message":"no"}}')
