"""Who listens to which conversation in this process."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID


class Listener:
    """Implements `domain.practice.watching.Listener`."""

    __slots__ = ("_rung", "seen")

    def __init__(self) -> None:
        self.seen = 0
        """The version beyond which it waits."""
        self._rung = asyncio.Event()

    async def wait(self, seen: int) -> None:
        """Return once it was rung, now or since it last returned."""
        self.seen = seen
        await self._rung.wait()
        self._rung.clear()

    def ring(self) -> None:
        """Have `wait` return."""
        self._rung.set()


class Listeners:
    """Implements `domain.practice.watching.ConversationBell` within one process, as far as `tell` is called."""

    def __init__(self) -> None:
        self._listeners: dict[UUID, set[Listener]] = {}

    def __contains__(self, conversation_id: object) -> bool:
        return conversation_id in self._listeners

    @property
    def conversations(self) -> list[UUID]:
        """Those that somebody listens to."""
        return list(self._listeners)

    @contextmanager
    def listen(self, conversation_id: UUID) -> Iterator[Listener]:
        """Listen for a block."""
        listener = Listener()
        self._listeners.setdefault(conversation_id, set()).add(listener)
        try:
            yield listener
        finally:
            self._listeners[conversation_id].discard(listener)
            if not self._listeners[conversation_id]:
                del self._listeners[conversation_id]

    def tell(self, conversation_id: UUID) -> None:
        """Wake all who listen to it."""
        for listener in self._listeners.get(conversation_id, ()):
            listener.ring()

    def compare(self, versions: Mapping[UUID, int]) -> None:
        """Wake those who have not seen the present version of their conversation, or whose conversation is gone."""
        for conversation_id, listeners in self._listeners.items():
            for listener in listeners:
                if versions.get(conversation_id) != listener.seen:
                    listener.ring()
