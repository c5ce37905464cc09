"""A learner with a token and a conversation, for what a test takes for granted."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx


@dataclass(frozen=True)
class Learner:
    """Somebody who is signed in."""

    site: str
    email: str
    token: str

    @classmethod
    async def new(cls, site: str) -> "Learner":
        """Sign somebody up."""
        email = f"{uuid4().hex}@example.com"
        terms = {"email": email, "password": "harbour view at dawn", "full_name": "Mei Chan", "accept_terms": True}
        answer = await _post(f"{site}/api/v2/auth/signup", terms)
        return cls(site, email, answer["tokens"]["access_token"])

    async def converse(self) -> str:
        """Start a conversation and return its id."""
        scenario = {"scenario_id": "early_check_in"}
        return (await _post(f"{self.site}/api/v2/conversations", scenario, self.token))["id"]


async def _post(url: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(timeout=20) as client:
        answer = await client.post(url, json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()["data"]
