"""What the phone leaves to gRPC: the published service config, and keepalive that the server allows."""

import asyncio
import importlib
import json
import random
from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc
import grpc.aio
import pytest
from e2e.command import ROOT
from google.protobuf.descriptor import MethodDescriptor

from fluentpro.contract.v1.options_pb2 import policy
from fluentpro.v2.conversation_service_pb2 import (
    GetConversationRequest,
    GetConversationResponse,
    SendMessageRequest,
    SendMessageResponse,
)
from fluentpro.v2.conversation_service_pb2_grpc import (
    ConversationServiceServicer,
    ConversationServiceStub,
    add_ConversationServiceServicer_to_server,
)
from server.grpc_port import _OPTIONS as SERVER_OPTIONS

PUBLISHED = ROOT / "examples/phone/service_config.json"

_NO_SIDE_EFFECTS = 1
_ENDED_BY_THE_SERVER = {"WatchConversation", "Converse"}
"""They last as long as the learner looks, and the server ends them with an event that says so: no timeout."""


def _methods() -> list[MethodDescriptor]:
    files = sorted((ROOT / "generated/fluentpro/v2").glob("*_service_pb2.py"))
    modules = [importlib.import_module(f"fluentpro.v2.{file.stem}") for file in files]
    services = [service for module in modules for service in module.DESCRIPTOR.services_by_name.values()]
    return [method for service in services for method in service.methods]


def _expected(method: MethodDescriptor) -> dict[str, Any]:
    """Return what the contract makes of a method: its timeout, and whether gRPC may try again."""
    options = method.GetOptions()
    if method.server_streaming or method.client_streaming:
        return {} if method.name in _ENDED_BY_THE_SERVER else {"timeout": "600s", "retried": False}
    is_safe = options.idempotency_level == _NO_SIDE_EFFECTS or options.Extensions[policy].idempotent
    return {"timeout": "30s", "retried": is_safe}


def test_the_published_config_is_what_the_contract_says_of_each_method():
    published: dict[tuple[str, str], dict[str, Any]] = {}
    for config in json.loads(PUBLISHED.read_text())["methodConfig"]:
        for name in config["name"]:
            key = (name["service"], name["method"])
            assert key not in published
            published[key] = {"timeout": config["timeout"], "retried": "retryPolicy" in config}
    expected = {(method.containing_service.full_name, method.name): _expected(method) for method in _methods()}
    assert published == {name: config for name, config in expected.items() if config}


def test_only_unavailable_is_tried_again_nothing_is_hedged_and_storms_are_throttled():
    config = json.loads(PUBLISHED.read_text())
    assert config["retryThrottling"] == {"maxTokens": 10, "tokenRatio": 0.1}
    assert [method["retryPolicy"] for method in config["methodConfig"] if "retryPolicy" in method] == [
        {
            "maxAttempts": 4,
            "initialBackoff": "0.2s",
            "maxBackoff": "2s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        }
    ]
    assert not any("hedgingPolicy" in method for method in config["methodConfig"])


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "examples")
    return importlib.import_module("phone.wire")


class Flaky(ConversationServiceServicer):
    """Refuses half of all calls."""

    def __init__(self) -> None:
        self.calls = 0
        self._dice = random.Random(8)

    async def GetConversation(self, request, context):  # noqa: N802 - as the contract names it
        self.calls += 1
        if self._dice.random() < 0.5:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "Half of all calls.")
        return GetConversationResponse()


@pytest.fixture
async def flaky() -> AsyncIterator[tuple[Flaky, str]]:
    flaky, server = Flaky(), grpc.aio.server()
    add_ConversationServiceServicer_to_server(flaky, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield flaky, f"127.0.0.1:{port}"
    await server.stop(None)


async def test_a_server_that_refuses_half_of_all_calls_gets_at_most_1_3_times_as_many(wire, flaky):
    server, address = flaky
    async with wire.channel_to(address) as channel:
        stub = ConversationServiceStub(channel)
        ends = [await stub.GetConversation(GetConversationRequest(), timeout=10).code() for _ in range(300)]
    assert set(ends) == {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    assert 300 < server.calls <= 1.3 * 300
    assert ends.count(grpc.StatusCode.OK) > 0.4 * 300


class Thinking(ConversationServiceServicer):
    """Says nothing for a while."""

    async def SendMessage(self, request, context):  # noqa: N802 - as the contract names it
        yield SendMessageResponse()
        await asyncio.sleep(4.5)  # paces the silence: four pings; the third too many ends the connection
        yield SendMessageResponse()


def _twenty_times_faster(options: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return options with shorter intervals: the phone asks each second, gRPC's least. The wait for an answer stays."""
    return [(name, value // 20 if name.endswith("_ms") and "timeout" not in name else value) for name, value in options]


async def test_the_phone_asks_through_a_long_silence_no_more_often_than_the_server_allows(wire, monkeypatch):
    monkeypatch.setattr(wire, "KEEPALIVE", _twenty_times_faster(wire.KEEPALIVE))
    server = grpc.aio.server(options=_twenty_times_faster(SERVER_OPTIONS))
    add_ConversationServiceServicer_to_server(Thinking(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with wire.channel_to(f"127.0.0.1:{port}") as channel:
        silent = ConversationServiceStub(channel).SendMessage(SendMessageRequest(), timeout=20)
        assert len([answer async for answer in silent]) == 2, "no GOAWAY with too_many_pings"
    await server.stop(None)
