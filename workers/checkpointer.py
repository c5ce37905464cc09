"""Signs where every stream stands, while events come."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn

from adapters.security.checkpoint_signatures import CheckpointSigner
from adapters.security.signing_keys import SigningKeys
from adapters.sql.checkpoints import SqlCheckpoints
from adapters.sql.engine import Connections
from domain.audit.checkpoints import Checkpoint, Span, seal
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable

CHECKPOINT_SECONDS = 60.0
"""Between two checkpoints: who rewrites streams and their heads without being seen has this long after an event."""

_log = logging.getLogger(__name__)


class Checkpointer:
    """Writes checkpoints. One is meant to; of several at the same moment, one succeeds with each number."""

    def __init__(
        self,
        connections: Connections,
        keys: SigningKeys,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._checkpoints = SqlCheckpoints(connections)
        self._signer = CheckpointSigner(keys)
        self._clock = clock
        self._pause = pause

    async def run(self) -> NoReturn:
        """Write a checkpoint now and then, until cancelled; an outage of the database is waited for."""
        while True:
            try:
                await self.checkpoint()
            except Unavailable as error:
                _log.warning("The checkpoint has to wait: %s", error)
            await self._pause(CHECKPOINT_SECONDS)

    async def checkpoint(self) -> Checkpoint | None:
        """Cover all events that are settled, by several checkpoints when they are many. Raises Unavailable.

        Returns the last that was written, None when there was nothing to cover.
        """
        last = None
        while (made := await self._checkpoints.add(self._seal)) is not None:
            last = made
            # Whoever keeps the log elsewhere can tell later whether checkpoints themselves were taken away.
            _log.info("Checkpoint %d: %d events, digest %s", made.number, made.events, made.digest.hex())
        return last

    def _seal(self, span: Span, before: Checkpoint | None) -> Checkpoint:
        return seal(span, before, self._clock(), self._signer)
