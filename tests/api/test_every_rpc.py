"""Every RPC of the contract succeeds through both doors, and both say the same."""

import re
from typing import Any

import pytest
from api.contract import RPCS
from api.learner import Learner, example
from google.protobuf.json_format import MessageToDict

# A call that can be made again gives the same answer through either door, to the byte.
_JOINED = ["ConversationService/SendMessage", "ConversationService/RegenerateReply"]
REPEATABLE = [name for name, rpc in RPCS.items() if rpc.is_read] + _JOINED
WRITING = [name for name in RPCS if name not in REPEATABLE]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_OF_ITS_OWN = ("access_token", "refresh_token", "etag")


@pytest.mark.parametrize("name", REPEATABLE)
async def test_a_call_made_again_has_the_same_answer_through_the_other_door(product, owner, name) -> None:
    request = await example(name, owner)
    by_http = await product.http.call(name, request, owner.token_for(name))
    by_grpc = await product.grpc.call(name, request, owner.token_for(name))
    assert by_http.code == by_grpc.code == "OK"
    assert by_http.messages == by_grpc.messages
    assert by_http.messages


@pytest.mark.parametrize("name", WRITING)
async def test_a_call_that_writes_has_an_answer_of_the_same_shape_through_either_door(product, name) -> None:
    shapes = []
    for door in (product.http, product.grpc):
        learner = await Learner.new(product.grpc)
        answer = await door.call(name, await example(name, learner), learner.token_for(name))
        shapes.append(_shape(answer.message))
    assert shapes[0] == shapes[1]


def _shape(message: Any) -> Any:
    """Return a message without what is new each time."""
    return _blur(MessageToDict(message, preserving_proto_field_name=True))


def _blur(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _blur(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_blur(item) for item in value]
    if not isinstance(value, str):
        return value
    return "…" if key in _OF_ITS_OWN else _TIME.sub("<time>", _UUID.sub("<id>", value))


@pytest.mark.parametrize("name", [name for name, rpc in RPCS.items() if rpc.is_read and not rpc.streams])
async def test_head_gives_the_headers_of_get(http, owner, name) -> None:
    parts = http.parts(name, await example(name, owner), owner.token_for(name))
    get = await http.client.request(**parts)
    head = await http.client.request(**parts | {"method": "HEAD"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
