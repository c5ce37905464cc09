"""A database that crashes under a running server."""

import os
import signal

import httpx
from e2e.command import keepers_and_engines, processes_below, until
from e2e.learner import Learner

from adapters.engines import leftovers


async def test_a_crash_of_postgres_is_unavailable_for_a_moment_and_no_internal_error(start, sign_up):
    dev = await start("dev").ready()
    learner: Learner = await sign_up(dev)
    conversation = await learner.converse()
    engines = keepers_and_engines(dev.data_dir)
    postmaster = next(pid for pid, line in engines.items() if "/postgres -D " in line)
    lines = dict(leftovers._command_lines())
    backend = next(pid for pid in processes_below(postmaster) if " fluentpro " in lines.get(pid, ""))
    os.kill(backend, signal.SIGKILL)  # Postgres ends all its sessions and recovers
    seen: list[int] = []

    async def serves_again() -> bool:
        try:
            await learner.turns(conversation)
        except httpx.HTTPStatusError as error:
            seen.append(error.response.status_code)
            return False
        return bool(seen)

    await until(serves_again)
    assert set(seen) == {503}
