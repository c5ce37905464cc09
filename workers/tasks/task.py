"""A task: what runs for the jobs of one name."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeAlias

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

Body: TypeAlias = Callable[..., Awaitable[Mapping[str, Any] | None]]
"""`async def run(context, *, user_id: UUID, …)`: returns the job's result, unless it has called `work.finish` itself.

Beside `context`, a `workers.tasks.attempt.Attempt`, its parameters are what the job's arguments must be: JSON values,
and of text also UUIDs, dates and enums.
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an attempt may take, and how often and when a failed one is tried again."""

    seconds: float = 60.0
    """Of one attempt; then its coroutine is cancelled."""
    tries: int = 3
    """Attempts that fail in a way nobody expected, or that take too long."""
    transient_tries: int = 20
    """Attempts that fail because something else is away or asks for patience: with these waits, about two hours."""
    first_wait: timedelta = timedelta(seconds=1)
    """The longest wait before the second attempt; it doubles with each, and any shorter one is as likely."""
    longest_wait: timedelta = timedelta(minutes=10)


class BadArguments(Exception):
    """The job's arguments are not what its task takes. The message names them, and repeats no value."""


@dataclass(frozen=True)
class Task:
    """One entry of an area's registry. `name` is `<area>.<verb>`; its area is the queue."""

    name: str
    run: Body
    policy: Policy = field(default_factory=Policy)

    @property
    def queue(self) -> str:
        """The queue its jobs wait in."""
        return self.name.partition(".")[0]

    @cached_property
    def _arguments(self) -> type[BaseModel]:
        parameters = list(inspect.signature(self.run, eval_str=True).parameters.values())[1:]
        fields: dict[str, Any] = {
            each.name: (each.annotation, ... if each.default is each.empty else each.default) for each in parameters
        }
        return create_model(self.name, __config__=ConfigDict(extra="forbid", hide_input_in_errors=True), **fields)

    def parse(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as `run` takes them. Raises BadArguments."""
        try:
            # As JSON, strictly: text becomes a UUID, and a number never becomes text.
            given = self._arguments.model_validate_json(orjson.dumps(arguments), strict=True)
        except ValidationError as error:
            problems = {f"{'.'.join(map(str, each['loc'])) or 'all'}: {each['type']}" for each in error.errors()}
            raise BadArguments(f"The arguments are not those of {self.name}: {', '.join(sorted(problems))}.") from None
        return {name: getattr(given, name) for name in type(given).model_fields}
