"""The unit of work: state and the events it caused are written together or not at all."""

from types import TracebackType
from typing import Protocol, Self

from domain.shared.events import Event
from domain.shared.jobs import Job, JobRequest


class UnitOfWork(Protocol):
    """One transaction. Each area's `ports.py` adds the repositories it uses.

    Used as `async with uow() as work:`. Leaving the block without `commit` undoes everything.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def record(self, *events: Event) -> None:
        """Have `commit` write these events, in this order, with the state."""

    def expect(self, stream_id: str, version: int) -> None:
        """Have `commit` refuse unless the stream has this many events before those that are recorded."""

    def enqueue(self, request: JobRequest) -> Job:
        """Have `commit` queue a job, unless there is one with its key; return it as it is when there is none."""
        ...

    async def commit(self, result: object = None) -> None:
        """Write everything. `result` is what the use case returns: it is kept for who asks once more (see `once`).

        Raises ConcurrentUpdate, with the `current_version`, where `expect` is not met.
        """
