"""A learner who has signed up, for calls that need one."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

SCENARIO = "early_check_in"
"""A hand-made scenario of the seed, whose script the model plays."""


@dataclass(frozen=True, slots=True)
class Learner:
    """One account, seen through the HTTP door."""

    http_port: int
    token: str

    @classmethod
    def sign_up(cls, http_port: int) -> "Learner":
        """Make an account."""
        account = {
            "email": f"{uuid4()}@example.com",
            "password": "harbour view at dawn",
            "full_name": "陳大文",
            "accept_terms": True,
        }
        return cls(http_port, _post(http_port, "/api/v2/auth/signup", account)["tokens"]["access_token"])

    @property
    def headers(self) -> dict[str, str]:
        """What a request of theirs carries, as headers and as metadata."""
        return {"authorization": f"Bearer {self.token}"}

    def start_conversation(self) -> str:
        """Start one and return its id."""
        started = _post(self.http_port, "/api/v2/conversations", {"scenario_id": SCENARIO}, self.headers)
        return str(started["id"])


def _post(port: int, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json", **(headers or {})})
    with connection.getresponse() as response:
        answer = json.load(response)
    if response.status >= 400:
        raise RuntimeError(f"POST {path}: {response.status} {answer}")
    return answer["data"]
