"""Versions as commands show and refuse them, each in a process of its own."""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message_factory import GetMessageClass

from adapters.sql.api_use import ApiUseTable
from adapters.sql.engine import Connections
from adapters.telemetry.api_use import Use
from domain.shared.clock import system_clock
from gateway.versions import API_VERSION
from server.image import our_image

METHOD = "/fluentpro.v1.UserService/GetProfile"


async def run(*arguments: str, **settings: str) -> tuple[int, list[str], list[str]]:
    """Run a command of `fluentpro`; return its exit code and the lines of stdout and stderr."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLUENTPRO_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.cli", *arguments),
        env=environ | {f"FLUENTPRO_{name.upper()}": value for name, value in settings.items()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode().splitlines(), err.decode().splitlines()


@pytest.fixture
def installation(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {"database_url": database_url, "redis_url": redis_url, "data_dir": str(tmp_path)}


async def test_versions_shows_dates_and_the_calls_of_seven_days(installation, connections: Connections) -> None:
    today = system_clock().date()
    days = {today: 2, today - timedelta(days=6): 3, today - timedelta(days=7): 100}
    counts = {Use(day, "fluentpro.v1", METHOD, "e2e/1"): calls for day, calls in days.items()}
    await ApiUseTable(connections).add(counts)
    code, out, err = await run("versions", **installation, sunset="v1:2029-06-30")
    assert (code, err) == (0, [])
    assert out[0].startswith("fluentpro.v2  ")
    assert out[out.index("fluentpro.v1  DEPRECATED  /api/v1") + 1 :][:2] == [
        "  deprecated on 2026-11-01",
        "  sunset on 2029-06-30, the first day without answers (UTC)",
    ]
    assert f"            5  {'e2e/1':32} {METHOD}" in out


@pytest.mark.parametrize("command", ["versions", "server"])
async def test_a_day_that_is_earlier_is_refused_in_one_line(installation, command: str) -> None:
    code, out, err = await run(command, **installation, sunset="v1:2028-12-30", http_listen="127.0.0.1:0")
    assert (code, out) == (78, [])
    refusal = "fluentpro: FLUENTPRO_SUNSET: v1 answers until 2028-12-31, and the day can only be moved to a later one"
    assert err[-1] == refusal


async def test_a_gateway_refuses_dates_out_of_order_in_one_line(tmp_path: Path) -> None:
    image = our_image()
    files: Any = GetMessageClass(image.pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))(
        file=image.files
    )
    extension: Any = image.pool.FindExtensionByName(API_VERSION)
    version = next(file for file in files.file if file.name == "fluentpro/v1/version.proto")
    version.options.Extensions[extension].sunset_on = "2026-10-31"
    descriptors = tmp_path / "descriptors.binpb"
    descriptors.write_bytes(files.SerializeToString())
    addresses = ("--upstream", "127.0.0.1:1", "--listen", "127.0.0.1:0")
    code, _, err = await run("gateway", "--descriptors", str(descriptors), *addresses)
    assert code == 78
    assert err == ["fluentpro: fluentpro.v1: it is sunset on 2026-10-31, not after 2026-11-01, its deprecation"]
