"""What a newcomer does first, against `fluentpro dev`."""

import asyncio
import os
import re
import sys
from pathlib import Path

import grpc
import httpx
import pytest
from e2e.command import ROOT, Command
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

SERVICES = {
    *(
        f"fluentpro.v2.{name}Service"
        for name in ("Auth", "User", "Catalog", "Onboarding", "Scenario", "Conversation", "Audit", "Job")
    ),
    *(f"fluentpro.v1.{name}Service" for name in ("Auth", "User", "Role", "Onboarding")),
}


async def run_guide(script: str, address: str) -> tuple[int, str, str]:
    guide = await asyncio.create_subprocess_exec(
        "bash",
        str(ROOT / "docs/guide" / script),
        address,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},  # buf is beside Python
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await guide.communicate()
    return await guide.wait(), out.decode(), err.decode()


async def test_the_guide_by_curl_leads_from_sign_up_to_an_ended_conversation(dev: Command):
    code, streamed, shown = await run_guide("first_conversation.sh", f"http://{dev.http}")
    assert code == 0, shown
    matches = shown.partition("3. What is your job?")[2]
    assert re.findall(r'"title":"([^"]+)"', matches)[0] == "Front Desk and Reception"
    assert streamed.count("event: completed") == 2
    assert streamed.count("event: delta") > 10
    assert '"status":"CONVERSATION_STATUS_COMPLETED"' in shown.partition("8. What was said")[2]
    assert "docs/guide/first_conversation_grpc.sh" in shown


@pytest.mark.skipif(not Path(sys.executable).with_name("buf").exists(), reason="buf is not beside this Python")
async def test_the_guide_by_grpc_reads_the_same_by_reflection(dev: Command):
    code, _, shown = await run_guide("first_conversation_grpc.sh", f"http://{dev.grpc}")
    assert code == 0, shown
    assert shown.count('"completed": {') == 2, "the reply, and once more from its first cursor"
    assert '"status": "CONVERSATION_STATUS_COMPLETED"' in shown


@pytest.mark.parametrize(
    ("page", "says"),
    [("/livez", "live"), ("/readyz", "ready"), ("/startupz", "started"), ("/healthz", '"database": "passing"')],
)
async def test_probes_by_http_are_answered(dev: Command, page: str, says: str):
    async with httpx.AsyncClient(base_url=f"http://{dev.http}") as client:
        answer = await client.get(page)
    assert answer.status_code == 200
    assert says in answer.text


async def test_metrics_are_there_for_this_machine(dev: Command):
    async with httpx.AsyncClient(base_url=f"http://{dev.http}") as client:
        await client.get("/api/v2/industries")
        metrics = (await client.get("/metrics")).text
        through_a_proxy = await client.get("/metrics", headers={"x-forwarded-for": "203.0.113.7"})
    counted = re.search(r'grpc_server_handled_total\{[^}]*grpc_method="ListIndustries"[^}]*\} (\S+)', metrics)
    assert counted
    assert float(counted[1]) >= 1
    assert through_a_proxy.status_code == 404


async def test_health_by_grpc_is_serving_as_a_whole_and_for_each_service(dev: Command):
    async with grpc.aio.insecure_channel(dev.grpc) as channel:
        for service in ("", *SERVICES):
            answer = await HealthStub(channel).Check(HealthCheckRequest(service=service), timeout=10)
            assert answer.status == HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await HealthStub(channel).Check(HealthCheckRequest(service="fluentpro.v2.Nothing"), timeout=10)
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def test_the_server_lists_its_services_by_reflection(dev: Command):
    async with grpc.aio.insecure_channel(dev.grpc) as channel:
        asking = ServerReflectionStub(channel).ServerReflectionInfo(
            iter([ServerReflectionRequest(list_services="")]), timeout=10
        )
        answer = await anext(aiter(asking))
    listed = {service.name for service in answer.list_services_response.service}
    assert {name for name in listed if name.startswith("fluentpro.")} == SERVICES


async def test_it_says_where_to_look_and_nothing_of_its_workings(dev: Command):
    assert f"http://{dev.http}/api/v2" in dev.out
    assert f"bash docs/guide/first_conversation.sh http://{dev.http}" in dev.out
    assert re.search(r"^ +\d+\.\d s  ready$", dev.err, re.MULTILINE)
    assert "alembic" not in dev.err
