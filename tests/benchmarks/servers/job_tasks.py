"""What the worker of the benchmarks runs beside the product's tasks."""

import time
from collections.abc import Mapping

from workers.tasks.attempt import Attempt
from workers.tasks.task import Task

AREA = "benchmarks"
BEGIN = f"{AREA}.begin"


async def begin(_context: Attempt) -> Mapping[str, float]:
    """Tell when it was begun, by the clock that all processes have."""
    return {"began": time.time()}


TASKS = (Task(BEGIN, begin),)
