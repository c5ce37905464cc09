"""Who may call what of v1, through both doors."""

from dataclasses import replace
from typing import Any

import pytest
from api.learner import new_address
from api.v1 import steps
from api.v1.first_client import FirstClient, Step
from api.v1.stub_client import StubClient
from grpc import StatusCode
from grpc.aio import AioRpcError

SIGNED_IN = [step for step in steps.JOURNEY if step.signed_in]
PUBLIC = [step for step in steps.JOURNEY if not step.signed_in and step.verb == "GET"]


def _name(step: Step) -> str:
    return step.method


@pytest.mark.parametrize("step", SIGNED_IN, ids=_name)
@pytest.mark.parametrize(("token", "reason"), [(None, "TOKEN_MISSING"), ("not-a-token", "TOKEN_INVALID")])
async def test_methods_about_a_learner_ask_for_a_token(product: Any, step, token, reason) -> None:
    client, stub = FirstClient(product.http.client, new_address()), StubClient(product.grpc.channel)
    client.token = stub.token = token or ""
    asked = replace(step, signed_in=token is not None)
    refused = await client.make(asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, reason)
    assert refused.headers["www-authenticate"] == "Bearer"
    with pytest.raises(AioRpcError) as by_grpc:
        await stub.make(asked)
    assert by_grpc.value.code() is StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("step", PUBLIC, ids=_name)
async def test_lists_of_the_catalogue_are_for_everybody(product: Any, step) -> None:
    client, stub = FirstClient(product.http.client, new_address()), StubClient(product.grpc.channel)
    client.token = stub.token = "not-a-token"
    for asked in (step, replace(step, signed_in=True)):
        assert (await client.make(asked)).status_code == 200
        assert (await stub.make(asked)).ByteSize() > 0


async def test_anothers_own_partner_is_not_found(product: Any) -> None:
    owner, other = (FirstClient(product.http.client, new_address()) for _ in range(2))
    for client in (owner, other):
        await client.make(steps.SIGN_UP)
    chosen = (await owner.make(steps.SELECT_PARTNERS)).json()["selected_partners"]
    for path, verb, body in (("units", "GET", None), ("user-units", "GET", None), ("select-units", "POST", {})):
        step = Step(verb, f"/onboarding/partner/{chosen[-1]['id']}/{path}", body)
        refused = await other.make(step if body is None else replace(step, body={"unit_ids": ["meetings"]}))
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "PARTNER_NOT_CHOSEN"), path
