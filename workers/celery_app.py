"""Celery, which carries the ids of jobs from the dispatcher to the workers and decides nothing.

Each setting is here because its default loses or doubles work, or never comes back after a broken connection.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from celery import Celery
from kombu.entity import Queue

from workers.running import run_job
from workers.tasks.registry import HARD_SECONDS
from workers.tasks.task import Policy, Task

UNKNOWN_QUEUE: Final = "maintenance"
UNKNOWN: Final = f"{UNKNOWN_QUEUE}.unknown_task"
"""What the message of a job is called whose name this version does not know: a newer worker looks at the row."""

SOFT_SHUTDOWN_SECONDS: Final = 30.0

_SOCKET_SECONDS: Final = 5
_LEAST_VISIBILITY: Final = 3600
"""Redis hands a message out again after this time. The row keeps that harmless; it only should not be the rule."""


def make_app(redis_url: str, tasks: Iterable[Task]) -> Celery:
    """Return the Celery application of this Redis, with a Celery task for each of ours. It connects to nothing."""
    tasks = tuple(tasks)
    app = Celery("fluentpro", set_as_current=False)
    app.conf.update(configuration(redis_url, tasks))
    for task in tasks:
        _register(app, task.name, task.policy)
    _register(app, UNKNOWN, Policy())
    app.finalize()
    return app


def configuration(redis_url: str, tasks: Sequence[Task]) -> dict[str, Any]:
    """Return Celery's settings, with a queue for each area that has a task."""
    queues = sorted({UNKNOWN_QUEUE, *(task.queue for task in tasks)})
    longest = max((hard_limit(task.policy) for task in tasks), default=0.0)
    return {
        "broker_url": broker_url(redis_url),
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # for ever: the default gives up, and the worker with it
        "broker_connection_timeout": _SOCKET_SECONDS,
        "broker_transport_options": {
            "global_keyprefix": "fp:jobs:",
            "visibility_timeout": max(_LEAST_VISIBILITY, int(2 * longest) + 1),
            # Without these, a worker whose connection is half open waits for ever.
            "socket_timeout": _SOCKET_SECONDS,
            "socket_connect_timeout": _SOCKET_SECONDS,
            "socket_keepalive": True,
            "health_check_interval": _SOCKET_SECONDS,
        },
        # One exchange less to lose: the default one needs no binding in Redis, so that a flushed Redis still routes.
        "task_queues": [Queue(name, exchange="", routing_key=name) for name in queues],  # type: ignore[no-untyped-call] # Kombu's
        "task_default_queue": UNKNOWN_QUEUE,
        "task_default_exchange": "",
        "task_create_missing_queues": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_pool_start_method": "fork",  # the processes inherit what the worker was set up with
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "result_backend": None,
        "task_soft_time_limit": hard_limit(Policy()) - HARD_SECONDS / 2,
        "task_time_limit": hard_limit(Policy()),
        "worker_soft_shutdown_timeout": SOFT_SHUTDOWN_SECONDS,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # the lease holds the job, and not the broker
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": True,  # for Flower
        "task_send_sent_event": False,
        "enable_utc": True,
    }


def hard_limit(policy: Policy) -> float:
    """Return after how many seconds the process of such a task is killed."""
    return policy.seconds + HARD_SECONDS


def broker_url(redis_url: str) -> str:
    """Return redis-py's address of a Redis as Kombu writes it: only that of a socket differs."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = _query(parts.query).get("db")
    credentials = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return f"redis+socket://{credentials}{parts.path}" + (f"?virtual_host={database}" if database else "")


def headers(job_id: UUID, correlation_id: str) -> Mapping[str, str]:
    """Return what goes with a message: the request's id, and a W3C traceparent with a trace for each job."""
    return {"request_id": correlation_id, "traceparent": f"00-{job_id.hex}-{job_id.hex[:16]}-01"}


def _register(app: Celery, name: str, policy: Policy) -> None:
    hard = hard_limit(policy)

    def run(job_id: str) -> None:
        run_job(UUID(job_id))

    app.task(name=name, shared=False, soft_time_limit=hard - HARD_SECONDS / 2, time_limit=hard)(run)


def _query(text: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in text.split("&") if part)
