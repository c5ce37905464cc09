"""Tasks of the tests, as an area of their own, and the application that has them: `celery -A job_stage worker`."""

# ruff: noqa: ASYNC230, ASYNC240, ASYNC251 - files are how the tests tell these tasks what to do

import asyncio
import os
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from domain.shared.errors import DomainError, ErrorKind, Unavailable
from workers.tasks import registry
from workers.tasks.job_task import LeaseTimes
from workers.tasks.task import Policy, Task

AREA = "stage"
TIMES = LeaseTimes(lease=1.5, renew=0.3, unwind=1.0, write=10.0)


class StageRefused(DomainError):
    kind = ErrorKind.INVALID_ARGUMENT
    reason = "STAGE_REFUSED"


async def effect(context, note: str = "", user_id: UUID | None = None):
    """Write a row, with the job's end."""
    async with context.work() as work:
        await _write(work, context, note or str(user_id or ""))
        await work.finish({"note": note})


async def wait_for_file(context, path: str):
    """Show progress, and write a row once the file is there."""
    done = 0
    while not Path(path).exists():
        done += 1
        await context.progress(done, 100, "waiting")
        await asyncio.sleep(0.05)
    await effect(context, path)


async def hold_the_loop(context, seconds: float):
    time.sleep(seconds)  # paces what is under test: it lets nothing else run


async def linger(context, path: str):
    """Let nothing end it; then write a row."""
    while not Path(path).exists():
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            continue
    await effect(context, "late")


async def fail(context, how: str, path: str):
    """Fail until the file says that it has been tried often enough; a line an attempt."""
    place = Path(path)
    with place.open("a") as file:
        file.write(f"{time.time()}\n")
    if len(place.read_text().splitlines()) >= 3 and how != "always":
        return {"tries": 3}
    raise {
        "transient": Unavailable("it is away"),
        "network": ConnectionResetError("secret words"),
        "refused": StageRefused("no"),
        "always": LookupError("secret words"),
        "unexpected": LookupError("secret words"),
    }[how]


async def die(context):
    os.kill(os.getpid(), 9)


async def _write(work, context, note):
    values = {"job_id": context.job.id, "note": note, "attempt": context.job.attempts}
    await work._connection.execute(text("INSERT INTO stage_effect VALUES (:job_id, :note, :attempt)"), values)


QUICK = Policy(
    seconds=30, tries=3, transient_tries=5, first_wait=timedelta(seconds=0.2), longest_wait=timedelta(seconds=1)
)
TASKS = (
    Task("stage.effect", effect, QUICK),
    Task("stage.wait", wait_for_file, QUICK),
    Task("stage.short", wait_for_file, replace(QUICK, seconds=0.5, tries=2)),
    Task("stage.linger", linger, QUICK),
    Task("stage.hold", hold_the_loop, QUICK),
    Task("stage.fail", fail, QUICK),
    Task("stage.die", die, QUICK),
)

if "JOB_STAGE_WORKER" in os.environ:
    registry.AREAS = (*registry.AREAS, AREA)
    sys.modules[f"workers.tasks.{AREA}"] = sys.modules[__name__]

    from celery import signals

    import workers.app
    from workers import running

    app = workers.app.app
    workers.app.SOFT_SHUTDOWN_SECONDS = float(os.environ.get("JOB_STAGE_SOFT", "30"))

    def _be_quick(**_):
        running.set_up(replace(running._here.worker, times=TIMES))

    signals.celeryd_after_setup.connect(_be_quick, weak=False)
    if "JOB_STAGE_VISIBILITY" in os.environ:
        # Kombu looks every hundred seconds what to hand out again; here it looks every second.
        options = {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}
        app.conf.broker_transport_options.update(options, visibility_timeout=int(os.environ["JOB_STAGE_VISIBILITY"]))
