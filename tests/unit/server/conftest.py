"""Calls without a door."""

from typing import Any

import pytest

from domain.identity.model import Identity
from server.call import Call


class NoDoor:
    def __init__(self) -> None:
        self.trailers: list[tuple[str, str]] = []

    async def send_initial_metadata(self, initial_metadata: Any, /) -> None:
        raise AssertionError("nothing here sends initial metadata")

    def failure(self, failed: Exception) -> Exception:
        return failed


@pytest.fixture
def make_call():
    """Make a call: `make_call(method, identity=…, authorization="Bearer …")`."""

    def make(method: str = "/fluentpro.v2.UserService/GetMe", identity: Identity | None = None, **headers: str) -> Call:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        call = Call(method, named, "ipv4:127.0.0.1:1", 5.0, NoDoor())
        call.identity = identity
        return call

    return make
