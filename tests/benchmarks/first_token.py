"""How long one stream takes to its first token, by a client that blocks and does little else.

`python -m tests.benchmarks.first_token DOOR PORT TOKEN MESSAGES` prints the seconds of each. A process a door: beside
the threads of a gRPC channel a socket's client would be slower by half.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc

from fluentpro.v2.conversation_service_pb2 import SendMessageRequest, SendMessageResponse

from .http_load import HttpRequest
from .learner import Learner
from .load import LoadFailed
from .servers.memory import PAUSED

_SEND = "/fluentpro.v2.ConversationService/SendMessage"
_FIRST = b"event: delta"
_END = b"\r\n0\r\n\r\n"  # of a chunked body
_PATIENCE = 10.0  # seconds
_LONGEST = 120.0

Listen = Callable[[], float]
"""Sends a message, reads the whole reply, and returns the seconds to its first token. Raises LoadFailed."""


def first_tokens(door: str, port: int, learner: Learner, messages: int) -> list[float]:
    """Return the seconds of `messages` streams by a door, `grpc` or `http`, in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, door, str(port), learner.token, str(messages)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=_LONGEST)
    return [float(each) for each in done.stdout.split()]


@contextmanager
def _grpc(port: int, learner: Learner) -> Iterator[Listen]:
    metadata = tuple(learner.headers.items())
    request = SendMessageRequest(conversation_id=PAUSED, client_message_id="m1", text="Good morning")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        send = channel.unary_stream(
            _SEND,
            request_serializer=SendMessageRequest.SerializeToString,
            response_deserializer=SendMessageResponse.FromString,
        )

        def listen() -> float:
            started, first = time.perf_counter(), 0.0
            for answer in send(request, metadata=metadata, timeout=_PATIENCE):
                if not first and answer.event.HasField("delta"):
                    first = time.perf_counter() - started
            return first

        yield listen


@contextmanager
def _http(port: int, learner: Learner) -> Iterator[Listen]:
    headers = {**learner.headers, "content-type": "application/json", "accept": "text/event-stream"}
    body = json.dumps({"client_message_id": "m1", "text": "Good morning"}).encode()
    message = HttpRequest(port, "POST", f"/api/v2/conversations/{PAUSED}/messages", headers, body).message()
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def listen() -> float:
            started, first, received = time.perf_counter(), 0.0, bytearray()
            connection.sendall(message)
            while not received.endswith(_END):
                received += (data := connection.recv(1 << 16))
                if not data:
                    raise LoadFailed(received[:500].decode(errors="replace"))
                if not first and _FIRST in received:
                    first = time.perf_counter() - started
            return first

        yield listen


def _main(door: str, port: str, token: str, messages: str) -> None:
    learner = Learner(int(port), token)
    with (_grpc if door == "grpc" else _http)(int(port), learner) as listen:
        listen()  # connects
        for _ in range(int(messages)):
            print(listen())


if __name__ == "__main__":
    _main(*sys.argv[1:])
