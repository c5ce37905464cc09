"""A client as the first ones were: flat JSON, old names, slashes at the end."""

from dataclasses import dataclass
from typing import Any

import httpx

PASSWORD = "harbour view at dawn"
REQUEST_ID = "0af7651916cd43dd8448eb211c80319c"


@dataclass(frozen=True)
class Step:
    """One request under `/api/v1`.

    In a body `$refresh` stands for the newest refresh token and `$email` for the learner's address.
    """

    verb: str
    path: str
    body: Any = None
    """None: no body at all; text is sent as it is."""
    method: str = ""
    """The RPC, such as `AuthService/SignUp`; empty where the request is none."""
    status: int = 200
    signed_in: bool = True

    @property
    def partner(self) -> dict[str, str]:
        """The part of the request that stands in the path."""
        parts = self.path.split("/")
        return {"partner_id": parts[3]} if parts[2] == "partner" else {}


def filled(value: Any, email: str, refresh_token: str) -> Any:
    """Return a body with the learner's own values in place."""
    if isinstance(value, dict):
        return {key: filled(each, email, refresh_token) for key, each in value.items()}
    return {"$email": email, "$refresh": refresh_token}.get(value, value) if isinstance(value, str) else value


class FirstClient:
    """Makes requests over HTTP and remembers the tokens that it is given."""

    def __init__(self, client: httpx.AsyncClient, email: str) -> None:
        self._client = client
        self.email = email
        self.token = ""
        self.refresh_token = ""

    async def make(self, step: Step, *, slash: bool = True, **headers: str) -> httpx.Response:
        """Make a request, with a slash at its path's end or without."""
        sent = {"x-request-id": REQUEST_ID, "content-type": "application/json; charset=utf-8"}
        if step.signed_in:
            sent["authorization"] = f"Bearer {self.token}"
        path, question, query = step.path.partition("?")
        body = filled(step.body, self.email, self.refresh_token)
        response = await self._client.request(
            step.verb,
            f"/api/v1{path}{'/' * slash}{question}{query}",
            headers=sent | {key.replace("_", "-"): value for key, value in headers.items()},
            **({"content": body} if isinstance(body, str) else {"json": body} if body is not None else {}),
        )
        self._remember(response)
        return response

    def _remember(self, response: httpx.Response) -> None:
        answer = response.json() if response.content else {}
        self.token = answer.get("access_token", self.token)
        self.refresh_token = answer.get("refresh_token", self.refresh_token)
