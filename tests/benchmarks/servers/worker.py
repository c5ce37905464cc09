"""The product's worker, which knows the benchmarks' tasks too: `celery -A tests.benchmarks.servers.worker worker`."""

import sys
from unittest.mock import patch

from workers.tasks import registry

from . import job_tasks

# For good: the worker looks its tasks up when it starts, and so does each of its processes.
patch.object(registry, "AREAS", (*registry.AREAS, job_tasks.AREA)).start()
patch.dict(sys.modules, {f"workers.tasks.{job_tasks.AREA}": job_tasks}).start()

from workers.app import app  # noqa: E402 - with all tasks

__all__ = ["app"]
