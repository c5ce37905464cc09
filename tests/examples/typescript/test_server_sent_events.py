"""The TypeScript example's reader of event streams, in a real browser."""

from typing import Any

EVENTS: dict[str, tuple[list[str], list[Any]]] = {
    "an event": (["id: 1\nevent: delta\ndata: {}\n\n"], [["1", "delta", "{}"]]),
    "an event in pieces": (["id: 1\nev", "ent: delta\ndata: ", "{}\n", "\n"], [["1", "delta", "{}"]]),
    "no name": (["data: a\n\n"], [["", "message", "a"]]),
    "lines of data": (["data: a\ndata\ndata:b\ndata:  c\n\n"], [["", "message", "a\n\nb\n c"]]),
    "an id stays": (
        ["id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"],
        [["1", "message", x] for x in "ab"] + [["", "message", "c"]],
    ),
    "an id with NUL is none": (["id: 1\nid: 2\0\ndata: a\n\n"], [["1", "message", "a"]]),
    "a name does not stay": (["event: x\ndata: a\n\ndata: b\n\n"], [["", "x", "a"], ["", "message", "b"]]),
    "comments and unknown names": ([": \n\nretry: 3000\n: x\ndata: a\n\n"], [["", "message", "a"]]),
    "no data, no event": (["event: x\n\ndata: a\n\n"], [["", "message", "a"]]),
    "CR LF, cut in two": (["data: a\r", "\ndata: b\r\n\r\n"], [["", "message", "a\nb"]]),
    "CR": (["data: a\rdata: b\r\rdata: c\r\r"], [["", "message", "a\nb"], ["", "message", "c"]]),
    "a byte order mark": (["\ufeffdata: a\n\n"], [["", "message", "a"]]),
    "an end in the midst": (["data: a\n\ndata: b\n"], [["", "message", "a"]]),
}
PARSE = """async pieces => {
  const { serverSentEvents } = await import("/dist/server_sent_events.js");
  const body = new ReadableStream({
    start(stream) {
      for (const piece of pieces) stream.enqueue(Uint8Array.from(piece));
      stream.close();
    },
  });
  const events = [];
  for await (const { id, event, data } of serverSentEvents(body)) events.push([id, event, data]);
  return events;
}"""


async def test_events_are_read_as_the_standard_has_them(page):
    for name, (pieces, events) in EVENTS.items():
        assert await page.run(PARSE, [list(piece.encode()) for piece in pieces]) == events, name


async def test_a_character_may_be_cut_in_two(page):
    pieces = [[byte] for byte in "data: 早晨 🌅\n\n".encode()]
    assert await page.run(PARSE, pieces) == [["", "message", "早晨 🌅"]]
