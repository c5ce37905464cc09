"""A hundred clients that stop reading a stream of our own server: the handlers wait, and nothing piles up."""

import asyncio

import pytest
from conformance.slow_readers import READERS, begin, resident, slow_readers, until_still
from google.rpc import code_pb2

from fluentpro.v2.conversation_service_pb2 import SendMessageResponse

_GROWTH = 20.0  # MiB that a hundred slow readers may cost
_TEXT = "x" * 1000


class EndlessReply:
    """Replies without end, and counts what was taken."""

    def __init__(self):
        self.made = 0
        self.open = 0

    async def __call__(self, _request, _context):
        answer = SendMessageResponse()
        answer.event.delta.text = _TEXT
        self.open += 1
        try:
            while True:
                yield answer
                self.made += 1
        finally:
            self.open -= 1


@pytest.fixture
def reply(servicer) -> EndlessReply:
    servicer.send_message = EndlessReply()
    return servicer.send_message


async def test_a_client_that_leaves_ends_a_handler_that_never_waits(host, reply, recorder) -> None:
    head = "POST /api/v2/conversations/0c9f/messages HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n"
    request = f"{head}content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    for _ in range(8):  # each would have met the deadline one time in seven
        with slow_readers(f"http://{host.http_listen}", request, 1) as reader:
            await begin(reader)
        assert (await recorder.ended.get()).code == code_pb2.CANCELLED
    assert reply.open == 0


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson", "application/json"])
async def test_slow_readers_hold_their_handlers_up_and_fill_no_memory(host, reply, recorder, until, accept) -> None:
    head = f"POST /api/v2/conversations/0c9f/messages HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\n"
    request = f"{head}content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    with slow_readers(f"http://{host.http_listen}", request, 1) as first:
        await begin(first)
    assert (await recorder.ended.get()).code == code_pb2.CANCELLED
    before, tasks = resident(), len(asyncio.all_tasks())
    with slow_readers(f"http://{host.http_listen}", request) as readers:
        await begin(readers)
        await until_still(lambda: reply.made)
        grown = resident() - before
        assert reply.open == READERS
        assert grown < _GROWTH
    ended = [await recorder.ended.get() for _ in range(READERS)]
    assert {call.code for call in ended} == {code_pb2.CANCELLED}
    await until(lambda: reply.open == 0 and len(asyncio.all_tasks()) <= tasks)
    assert resident() - before < _GROWTH
    print(f"{accept}: {grown:.1f} MiB for {READERS} readers, {reply.made} messages made")
