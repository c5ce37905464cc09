"""What an operator meets: commands as they are typed, settings as they come out, metrics, and the sweep."""

import os
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from adapters.sql.retention import sweep
from adapters.sql.worker_processes import WorkerProcesses
from adapters.telemetry.job_metrics import DispatchCounts, JobMetrics
from adapters.telemetry.metrics import exposition
from domain.shared.clock import system_clock

ROOT = Path(__file__).parents[3]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "workers.app", *words]


def clean(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("FLUENTPRO_", "FLOWER_"))} | more


def test_the_settings_are_those_that_the_connection_has(celery_app):
    with celery_app.connection_for_write() as connection:
        channel = connection.default_channel
        reached = channel.client.connection_pool.connection_kwargs
        assert (reached["socket_timeout"], reached["health_check_interval"]) == (5, 5)
        assert channel.visibility_timeout >= 3600
        assert channel.global_keyprefix == "fp:jobs:"
    conf = celery_app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.task_ignore_result) == (True, True, True)
    assert (conf.worker_prefetch_multiplier, conf.worker_soft_shutdown_timeout) == (1, 30)
    assert (conf.broker_connection_retry, conf.broker_connection_retry_on_startup) == (True, True)
    assert conf.broker_connection_max_retries is None
    assert (conf.accept_content, conf.task_serializer) == (["json"], "json")
    assert set(celery_app.amqp.queues) == {"identity", "practice", "maintenance", "stage"}
    task = celery_app.tasks["stage.effect"]
    assert (task.soft_time_limit, task.time_limit, task.acks_late) == (45, 60, True)


async def test_a_worker_finds_the_engines_through_the_data_folder(stage, own_folder, tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as out:
        environ = clean(FLUENTPRO_DATA_DIR=str(own_folder))
        worker = subprocess.Popen(  # noqa: ASYNC220 - it takes a moment, and nobody waits
            command("worker", "--concurrency", "1"), cwd=ROOT, env=environ, stdout=out, stderr=out
        )
    try:
        await stage.until(lambda: " ready." in log.read_text() or worker.poll() is not None)
        assert "Connected to redis+socket://" in log.read_text()
        worker.terminate()
        await stage.until(lambda: worker.poll() is not None)
        assert worker.returncode == 0
    finally:
        with suppress(ProcessLookupError):
            worker.kill()
        worker.wait()


@pytest.mark.parametrize(
    ("words", "environ", "named"),
    [
        (("flower",), {}, "FLOWER_BASIC_AUTH"),
        (("worker",), {"FLUENTPRO_LOG_LEVEL": "loud"}, "FLUENTPRO_LOG_LEVEL"),
    ],
)
def test_what_cannot_start_says_why_and_ends_with_78(words, environ, named):
    given = clean(**environ)
    ended = subprocess.run(command(*words), cwd=ROOT, env=given, check=False, capture_output=True, text=True)
    assert ended.returncode == 78
    assert named in ended.stderr


async def test_the_metrics_tell_what_waits_what_failed_and_who_lives(stage, connections):
    await stage.queue("stage.effect", due_at=system_clock() - timedelta(minutes=1))
    failed = await stage.queue("practice.something")
    async with connections.transaction() as connection:
        values = {"id": failed.id}
        query = "UPDATE job SET state = 'failed', failure_reason = 'WHY', finished_at = now() WHERE id = :id"
        await connection.execute(text(query), values)
        await connection.commit()
    await WorkerProcesses(connections).beat("celery@here", 4711, None)
    registry = CollectorRegistry()
    metrics = JobMetrics(connections, DispatchCounts(sent=3), registry)
    await metrics.refresh()
    page = exposition(registry).decode()
    assert 'fluentpro_jobs{queue="stage",state="queued"}' in page
    assert 'fluentpro_jobs_failed{name="practice.something",reason="WHY"} 1.0' in page
    assert 'fluentpro_worker_beat_seconds{node="celery@here",pid="4711"}' in page
    assert "fluentpro_jobs_sent_total 3.0" in page
    waits = next(line for line in page.splitlines() if line.startswith('fluentpro_jobs_due_seconds{queue="stage"}'))
    assert float(waits.split()[-1]) >= 60
    await WorkerProcesses(connections).remove("celery@here", {4711})


async def test_the_sweep_removes_what_is_old_and_nothing_else(stage, connections):
    young, old = [await stage.queue("stage.effect", user_id=uuid4()) for _ in range(2)]
    async with connections.transaction() as connection:
        query = "UPDATE job SET state = 'succeeded', finished_at = now() - make_interval(days => :days) WHERE id = :id"
        await connection.execute(text(query), [{"id": young.id, "days": 29}, {"id": old.id, "days": 31}])
        await connection.execute(
            text("INSERT INTO worker_process VALUES ('gone', 1, NULL, now(), now() - interval '2 hours')")
        )
        for hours in (23, 25):
            await connection.execute(
                text("INSERT INTO answer VALUES (:id, 'm', :id, '', '', now() - make_interval(hours => :hours))"),
                {"id": uuid4(), "hours": hours},
            )
        await connection.execute(text("SET LOCAL session_replication_role = replica"))  # budgets of no account
        for days in (29, 32):
            await connection.execute(
                text(
                    "INSERT INTO token_budget VALUES (:user, CAST(now() - make_interval(days => :days) AS date), 0, 1)"
                ),
                {"user": young.user_id, "days": days},
            )
        await connection.commit()
    removed = await sweep(connections)
    assert removed == {"answer": 1, "session": 0, "token_budget": 1, "job": 1, "worker_process": 1}
    assert await stage.get(old) is None
    assert await stage.get(young) is not None
