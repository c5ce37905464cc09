"""The unit of work: state and the events it caused are written together or not at all."""

from types import TracebackType
from typing import Protocol, Self

from domain.shared.events import Event


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

    async def commit(self) -> None:
        """Write everything. Raises ConcurrentUpdate, with the `current_version`, where `expect` is not met."""
