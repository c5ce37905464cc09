"""The learner that docs/guide/v1-to-v2.md shows in both versions, read in both versions."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf import text_format
from google.protobuf.message import Message

from fluentpro.v1 import user_service_pb2 as v1
from fluentpro.v1.user_service_pb2_grpc import UserServiceStub as UsersOfV1
from fluentpro.v2 import user_service_pb2 as v2
from fluentpro.v2.user_service_pb2_grpc import UserServiceStub as UsersOfV2

_GUIDE = Path(__file__).parents[2] / "docs/guide/v1-to-v2.md"
_SECTION = _GUIDE.read_text().partition("## The same learner in both")[2].partition("\n## ")[0]
_NAME, _EMAIL = "Chan Tai Man", "tai-man@example.com"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMES = ("created", "modified", "created_at", "updated_at")


def _shown(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", _SECTION, re.MULTILINE | re.DOTALL)


def _steady(value: Any) -> Any:
    """Return an answer without what differs from one run to the next."""
    if isinstance(value, list):
        return [_steady(item) for item in value]
    if not isinstance(value, dict):
        return "an id" if isinstance(value, str) and _UUID.fullmatch(value) else value
    changing = {name: "now" for name in _TIMES if name in value} | {
        name: {} for name in ("meta", "_meta") if name in value
    }
    tag = {"etag": "a tag"} if "etag" in value else {}
    return {name: _steady(item) for name, item in value.items()} | changing | tag


def _steady_text(text: str) -> str:
    for name in _TIMES:
        text = re.sub(rf"\b{name} \{{[^}}]*\}}", f"{name} {{ }}", text)
    text = re.sub(r'etag: "[^"]*"', 'etag: ""', _UUID.sub("an id", text))
    return " ".join(text.split())


@pytest.fixture
async def reader(product):
    """Headers and metadata of the guide's learner, with an address of this run's own."""
    email = f"{uuid4().hex}@example.com"
    client = product.http.client
    body = {"email": email, "password": "harbour view at dawn", "full_name": _NAME, "accept_terms": True}
    signed_up = (await client.post("/api/v2/auth/signup", json=body)).json()["data"]
    bearer = {"authorization": f"Bearer {signed_up['tokens']['access_token']}"}
    for path, choice in (
        ("native-language", {"language_id": "chinese_traditional"}),
        ("industry", {"industry_id": "hotels_hospitality"}),
    ):
        answer = await client.put(f"/api/v2/onboarding/{path}", json=choice, headers=bearer)
        assert answer.status_code == 200
    return email, bearer


async def test_by_http_it_reads_as_the_guide_shows(product, reader) -> None:
    email, bearer = reader
    paths = ("/api/v1/user/profile/", "/api/v2/users/me", "/api/v2/onboarding")
    assert all(path in _SECTION for path in paths)
    for path, shown in zip(paths, _shown("json"), strict=True):
        answer = await product.http.client.get(path, headers=bearer)
        assert _steady(json.loads(answer.text.replace(email, _EMAIL))) == _steady(json.loads(shown))


async def test_by_grpc_it_reads_as_the_guide_shows(product, reader) -> None:
    email, bearer = reader
    channel: grpc.aio.Channel = product.grpc.channel
    old = await UsersOfV1(channel).GetProfile(v1.GetProfileRequest(), metadata=tuple(bearer.items()))
    new = await UsersOfV2(channel).GetMe(v2.GetMeRequest(), metadata=tuple(bearer.items()))
    for message, shown in zip((old, new), _shown("text"), strict=True):
        assert _steady_text(_text(message).replace(email, _EMAIL)) == _steady_text(shown)


def _text(message: Message) -> str:
    return text_format.MessageToString(message, as_one_line=True)
