"""Serves the checkout it is run in, makes a learner, and prints as JSON what each API version says of the same things.

Usage: `python side_by_side.py DATABASE_URL REDIS_URL DATA_DIR`.
"""

import asyncio
import io
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import httpx

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.settings import Listen, Profile, Settings
from adapters.telemetry.logs import AccessLog
from adapters.wiring import open_application
from server.hosting import Host, HostOptions
from server.service import build_service

_ANY_PORT = Listen("127.0.0.1", 0)
_SIGN_UP = {
    "email": "first@example.com",
    "password": "harbour view at dawn",
    "full_name": "Chan Tai Man",
    "accept_terms": True,
}
_JOB = {"job_title": "Receptionist", "job_description": "I look after the front desk and check guests in"}


async def _told(http: httpx.AsyncClient, channel: grpc.aio.Channel) -> dict[str, Any]:
    signed_up = (await http.post("/api/v3/auth/signup", json=_SIGN_UP)).json()["data"]
    http.headers["authorization"] = f"Bearer {signed_up['tokens']['access_token']}"
    await http.post("/api/v1/onboarding/set-industry/", json={"industry_id": "hotels-hospitality"})
    v1 = (await http.post("/api/v1/roles/job-input/", json=_JOB)).json()["matched_roles"][0]
    matched = {
        version: await http.post(f"/api/{version}/onboarding/roles:match", json=_JOB) for version in ("v2", "v3")
    }
    v2, v3 = (matched[version].json()["data"]["matches"][0]["role"] for version in ("v2", "v3"))
    stub = import_module("fluentpro.v3.catalog_service_pb2_grpc").CatalogServiceStub(channel)
    request = import_module("fluentpro.v3.catalog_service_pb2").ListRolesRequest(page_size=100)
    listed = (await stub.ListRoles(request)).roles
    return {
        "v1": v1,
        "v2": v2,
        "v3": v3,
        "v3 by gRPC": next(role.responsibilities for role in listed if role.id == v3["id"]),
        "names": [(await http.get(f"/api/{version}/users/me")).json()["data"]["full_name"] for version in ("v2", "v3")],
        "v1 name": (await http.get("/api/v1/user/profile/")).json()["user_name"],
        "keys": (await http.get("/.well-known/jwks.json")).status_code,
        "without a token": (await http.get("/api/v3/users/me", headers={"authorization": ""})).status_code,
        "documents": [(await http.get(f"/openapi/{version}.json")).status_code for version in ("v1", "v2", "v3")],
    }


async def _main(database_url: str, redis_url: str, data_dir: str) -> None:
    settings = Settings(profile=Profile.TESTING, data_dir=Path(data_dir))
    async with open_application(settings, database_url, redis_url) as application:
        await seed(application.connections, read_catalog())
        service = build_service(application, settings, AccessLog(io.StringIO()))
        host = Host(service, HostOptions(_ANY_PORT, _ANY_PORT))
        await host.start()
        async with (
            httpx.AsyncClient(base_url=f"http://{host.http_listen}", timeout=20) as http,
            grpc.aio.insecure_channel(str(host.grpc_listen)) as channel,
        ):
            print(json.dumps(await _told(http, channel)))
        await host.stop(0)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
