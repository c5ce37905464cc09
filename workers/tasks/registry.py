"""All tasks, checked when a process starts: what does not fit together is no worker."""

import inspect
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

from domain.shared.jobs import JobRequest
from workers.tasks.task import Task

AREAS: Final = ("identity", "practice", "maintenance")
"""The modules of this package that have TASKS, and may have PERIODIC; each is a queue."""

HARD_SECONDS: Final = 30.0
"""How much longer than its own limit a task may take before its process is killed: it has to hold the loop for that."""


class RegistryError(Exception):
    """The tasks do not fit together; the message says how."""


def tasks() -> Mapping[str, Task]:
    """Return every task by its name. Raises RegistryError."""
    found = {area: import_module(f"workers.tasks.{area}").TASKS for area in AREAS}
    return checked(found)


def periodic() -> tuple[JobRequest, ...]:
    """Return what runs again and again, each with its `every`. Raises RegistryError."""
    requests = [each for area in AREAS for each in getattr(import_module(f"workers.tasks.{area}"), "PERIODIC", ())]
    known = tasks()
    for request in requests:
        if request.name not in known or request.every is None:
            raise RegistryError(f"the periodic {request.key} has no task or no `every`")
        known[request.name].parse(request.arguments)
    return tuple(requests)


def checked(areas: Mapping[str, Iterable[Task]]) -> Mapping[str, Task]:
    """Return the tasks of all areas by name. Raises RegistryError for the first that cannot be run."""
    found: dict[str, Task] = {}
    for area, entries in areas.items():
        for task in entries:
            _check(task, area)
            if task.name in found:
                raise RegistryError(f"{task.name} is registered twice")
            found[task.name] = task
    return MappingProxyType(found)


def _check(task: Task, area: str) -> None:
    if task.name.split(".")[:1] != [area] or not task.name.partition(".")[2].isidentifier():
        raise RegistryError(f"{task.name} stands in the area {area}: its name has to be {area}.<verb>")
    if not inspect.iscoroutinefunction(task.run):
        raise RegistryError(f"{task.name}: what it runs has to be an async function")
    if not all(map(_is_argument, list(inspect.signature(task.run).parameters.values())[1:])):
        raise RegistryError(f"{task.name}: each of its arguments needs a name and a type")
    policy = task.policy
    if min(policy.seconds, policy.tries, policy.transient_tries) <= 0 or policy.first_wait > policy.longest_wait:
        raise RegistryError(f"{task.name}: its policy makes no sense")


def _is_argument(parameter: inspect.Parameter) -> bool:
    is_one = parameter.kind not in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}
    return is_one and parameter.annotation is not parameter.empty
