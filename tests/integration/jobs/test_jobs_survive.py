"""Jobs whose workers, dispatchers and broker die under them: none is lost, and no effect happens twice."""

import os
import signal
import socket
import threading
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from domain.shared.jobs import JobState


async def stopped(worker, stage):
    """Wait until a process of the worker's pool has stopped itself, and return it."""

    def find():
        for pid in worker.children():
            if _state(pid) == "T":
                return pid
        return None

    return await stage.until(find)


@pytest.mark.parametrize("place", ["job.after_claim", "job.before_finish"])
async def test_a_job_whose_worker_is_killed_before_the_effect_runs_again(stage, start_worker, dispatchers, place):
    dispatchers()
    first = await start_worker(failpoints=f"{place}=pause")
    job = await stage.queue("stage.effect")
    await stopped(first, stage)
    first.kill_all()
    await start_worker()
    ended = await stage.ended(job)
    assert (ended.state, ended.attempts, ended.crashes) == (JobState.SUCCEEDED, 2, 1)
    assert await stage.effects(job) == 1


async def test_a_job_whose_worker_is_killed_after_the_effect_does_not_run_again(stage, start_worker, dispatchers):
    dispatchers()
    first = await start_worker(failpoints="job.after_finish=pause")
    job = await stage.queue("stage.effect")
    await stopped(first, stage)
    first.kill_all()
    await start_worker(job_stage_visibility="1")  # Redis hands the message out again
    later = await stage.queue("stage.effect")
    assert (await stage.ended(later)).state is JobState.SUCCEEDED
    assert (await stage.get(job)).attempts == 1
    assert await stage.effects(job, later) == 2


async def test_a_worker_that_comes_back_from_the_dead_writes_nothing(stage, start_worker, dispatchers):
    dispatchers()
    first = await start_worker(failpoints="job.before_finish=pause@1")
    job = await stage.queue("stage.effect")
    zombie = await stopped(first, stage)
    await start_worker()
    ended = await stage.ended(job)
    os.kill(zombie, signal.SIGCONT)
    after = [await stage.ended(await stage.queue("stage.effect")) for _ in range(4)]  # it is back at work
    assert await stage.get(job) == ended
    assert await stage.effects(job, *after) == 5


async def test_a_job_that_kills_its_workers_is_given_up_after_three(stage, start_worker, dispatchers):
    dispatchers()
    await start_worker()
    ended = await stage.ended(await stage.queue("stage.die"))
    assert (ended.state, ended.failure_reason, ended.crashes, ended.attempts) == (JobState.FAILED, "CRASHED", 3, 3)
    assert (await stage.ended(await stage.queue("stage.effect"))).state is JobState.SUCCEEDED


async def test_a_worker_that_is_asked_to_stop_gives_its_job_back(stage, start_worker, dispatchers, tmp_path):
    dispatchers()
    first = await start_worker(job_stage_soft="0.5")
    job = await stage.queue("stage.wait", {"path": str(tmp_path / "go")})
    await stage.in_state(job, "running")
    first.process.terminate()
    assert await first.ended() == 0
    (tmp_path / "go").touch()
    await start_worker()
    ended = await stage.ended(job)
    assert (ended.state, ended.attempts, ended.crashes) == (JobState.SUCCEEDED, 2, 0)


async def test_the_processes_of_a_worker_that_is_killed_end_with_it(stage, start_worker, dispatchers, tmp_path):
    dispatchers()
    first = await start_worker()
    job = await stage.queue("stage.wait", {"path": str(tmp_path / "go")})
    await stage.in_state(job, "running")
    (child,) = first.children()
    first.process.kill()
    await stage.until(lambda: not _runs(child))
    (tmp_path / "go").touch()
    await start_worker()
    ended = await stage.ended(job)
    assert (ended.state, ended.attempts, ended.crashes) == (JobState.SUCCEEDED, 2, 1)


async def test_two_dispatchers_and_two_workers_do_each_job_once(stage, start_worker, dispatchers):
    dispatchers(2)
    await start_worker(concurrency=2)
    await start_worker(concurrency=1)
    jobs = [await stage.queue("stage.effect") for _ in range(100)]
    for job in jobs:
        ended = await stage.ended(job, 40)
        assert (ended.state, ended.attempts) == (JobState.SUCCEEDED, 1)
    assert await stage.effects(*jobs) == 100


async def test_jobs_survive_a_redis_that_loses_everything(stage, start_worker, dispatchers, redis_url):
    dispatchers()
    jobs = [await stage.queue("stage.effect") for _ in range(50)]

    async def all_are_sent():
        return all([(await stage.get(job)).sent_at for job in jobs])

    await stage.until(all_are_sent)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    worker = await start_worker(concurrency=2)
    for job in jobs[:25]:
        assert (await stage.ended(job, 40)).state is JobState.SUCCEEDED
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()  # and once more under a worker that runs
    for job in jobs:
        assert (await stage.ended(job, 40)).state is JobState.SUCCEEDED
    assert await stage.effects(*jobs) == 50
    assert worker.process.poll() is None


async def test_a_visibility_timeout_shorter_than_the_job_does_not_double_it(stage, start_worker, dispatchers, tmp_path):
    dispatchers()
    await start_worker(concurrency=2, job_stage_visibility="1")
    job = await stage.queue("stage.wait", {"path": str(tmp_path / "go")})
    await stage.in_state(job, "running")

    async def has_lasted():
        progress = (await stage.get(job)).progress
        return progress and progress.done > 60  # some 4 s

    await stage.until(has_lasted)
    others = [await stage.ended(await stage.queue("stage.effect")) for _ in range(3)]
    (tmp_path / "go").touch()
    assert (await stage.ended(job)).attempts == 1
    assert await stage.effects(job, *others) == 4


async def test_what_nothing_ends_holds_up_neither_its_job_nor_doubles_it(stage, start_worker, dispatchers, tmp_path):
    dispatchers()
    await start_worker(concurrency=2)
    job = await stage.queue("stage.linger", {"path": str(tmp_path / "go")})
    await stage.in_state(job, "running")
    await stage.cancel(job)
    (tmp_path / "go").touch()  # it goes on, whatever it is told, and then finds nothing to finish, or finishes first
    ended = await stage.ended(job)
    assert await stage.effects(job) == (1 if ended.state is JobState.SUCCEEDED else 0)


async def test_a_job_that_holds_its_loop_loses_its_lease_and_is_given_up(stage, start_worker, dispatchers):
    dispatchers()
    await start_worker(concurrency=2)
    ended = await stage.ended(await stage.queue("stage.hold", {"seconds": 3}), 40)
    assert (ended.state, ended.failure_reason, ended.attempts) == (JobState.FAILED, "CRASHED", 3)


async def test_a_broker_that_swallows_everything_holds_up_nothing(
    stage, start_worker, dispatchers, celery_app, every_task
):
    from workers.celery_app import make_app
    from workers.sending import CelerySender

    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = make_app(f"redis://127.0.0.1:{server.getsockname()[1]}/0", every_task)
        apps = [silent, celery_app]
        used = []

        def connect():
            used.append(apps[min(len(used), 1)])
            return CelerySender(used[-1], set(celery_app.tasks))

        dispatchers(connect=connect, send=1.0)
        await start_worker()
        ended = await stage.ended(await stage.queue("stage.effect"), 20)
    assert ended.state is JobState.SUCCEEDED
    assert len(used) >= 2
    assert threading.active_count() < 20


async def test_a_process_says_that_it_lives_until_it_is_stopped(stage, start_worker, connections):
    worker = await start_worker()
    (child,) = worker.children()

    async def age():
        async with connections.reading() as connection:
            query = "SELECT extract(epoch FROM clock_timestamp() - beat_at) FROM worker_process WHERE pid = :pid"
            return (await connection.execute(text(query), {"pid": child})).scalar()

    async def is_known():
        return await age() is not None

    await stage.until(is_known)
    os.kill(child, signal.SIGSTOP)

    async def is_unhealthy():
        return await age() > 8

    await stage.until(is_unhealthy, 20)
    os.kill(child, signal.SIGCONT)
    worker.process.terminate()
    await worker.ended()
    assert await age() is None


def _runs(pid: int) -> bool:
    return _state(pid) not in {None, "Z"}


def _state(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return None
