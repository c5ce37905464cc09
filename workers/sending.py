"""Sending jobs: messages with an id and nothing else."""

import logging
from collections.abc import Collection, Sequence
from typing import Any

from celery import Celery

from domain.shared.jobs import Job
from workers.celery_app import UNKNOWN, UNKNOWN_QUEUE, headers

_log = logging.getLogger(__name__)


class CelerySender:
    """Implements `workers.dispatcher.JobSender`, with a connection of its own."""

    def __init__(self, app: Celery, names: Collection[str]) -> None:
        self._app = app
        self._names = names
        self._producer: Any = None
        self._is_away = False

    def send(self, jobs: Sequence[Job]) -> int:
        """Send them in order up to the first that cannot be sent; return how many were."""
        sent = 0
        try:
            for job in jobs:
                self._send(job)
                sent += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the job's row is sent again
            self._lose(error)
        else:
            self._is_away = False
        return sent

    def close(self) -> None:
        """Let go of the connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.connection.collect()  # closes without a word to the other side, which may not answer

    def _send(self, job: Job) -> None:
        if self._producer is None:
            self._producer = self._app.amqp.Producer(self._app.connection_for_write())
        is_known = job.name in self._names
        self._app.send_task(
            job.name if is_known else UNKNOWN,
            (str(job.id),),
            task_id=str(job.id),
            queue=job.queue if is_known else UNKNOWN_QUEUE,
            headers=dict(headers(job.id, job.correlation_id)),
            producer=self._producer,
            retry=False,
            argsrepr="()",
            kwargsrepr="{}",
        )

    def _lose(self, error: Exception) -> None:
        if not self._is_away:  # once an outage
            _log.warning("The broker takes no jobs: %s", type(error).__name__)
        self._is_away = True
        self.close()
