"""Our server over handlers that touch no store: `python -m tests.benchmarks.servers.ours FOLDER GRPC_PORT HTTP_PORT`.

The contract, the chain, the gateway and both doors are those that learners meet; the engines of FOLDER are asked for
an account and a key once.
"""

import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import grpc.aio
import uvloop

from adapters.application import PracticeUseCases
from adapters.settings import Listen
from adapters.telemetry.logs import AccessLog
from adapters.wiring import Application
from fluentpro.v2 import conversation_service_pb2 as pb
from fluentpro.v2.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fluentpro.v2.conversation_service_pb2_grpc import add_ConversationServiceServicer_to_server
from fluentpro.v2.onboarding_service_pb2_grpc import add_OnboardingServiceServicer_to_server
from fluentpro.v2.user_service_pb2_grpc import add_UserServiceServicer_to_server
from server.caller import Context
from server.hosting import Host, HostOptions, serve
from server.live_streams import LiveStreams
from server.mapping.v2.replies import telling
from server.service import build_service
from server.servicers.v2.auth import AuthServicer
from server.servicers.v2.conversations import ConversationServicer
from server.servicers.v2.onboarding import OnboardingServicer
from server.servicers.v2.users import UserServicer
from server.signals import StopSignals

from .environment import application_of
from .memory import GENERATION, PAUSE_SECONDS, PAUSED, Memory


class _Conversations(ConversationServicer):
    """Speaks from memory."""

    def __init__(self, practice: PracticeUseCases, memory: Memory) -> None:
        from_memory: dict[str, Any] = {"get_conversation": memory.get_conversation}
        super().__init__(replace(practice, **from_memory), cast("LiveStreams", None))  # nobody counts these streams
        self._memory = memory

    async def SendMessage(  # noqa: N802 - the RPC's name
        self, request: pb.SendMessageRequest, context: Context
    ) -> AsyncIterator[pb.SendMessageResponse]:
        """Stream a reply."""
        generation_id = str(GENERATION)
        async for entry in self._memory.reply(PAUSE_SECONDS if request.conversation_id == PAUSED else 0.0):
            yield telling(pb.SendMessageResponse(), generation_id, entry)


async def _serve(folder: Path, grpc_port: int, http_port: int) -> None:
    async with application_of(folder) as (application, settings):
        memory = Memory(application.identity)
        access_log = AccessLog()
        service = build_service(application, settings, access_log)
        service = replace(service, register=lambda server: _register(application, memory, server))
        options = HostOptions(Listen("127.0.0.1", grpc_port), Listen("127.0.0.1", http_port))
        signals = StopSignals()
        with signals.installed():
            await serve(Host(service, options), signals, grace=1.0)
        access_log.flush()


def _register(application: Application, memory: Memory, server: grpc.aio.Server) -> None:
    use_cases = cast("Any", memory)
    add_AuthServiceServicer_to_server(AuthServicer(memory.identity), server)
    add_UserServiceServicer_to_server(UserServicer(use_cases), server)
    add_OnboardingServiceServicer_to_server(OnboardingServicer(use_cases), server)
    add_ConversationServiceServicer_to_server(_Conversations(application.practice, memory), server)


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
