"""Personal fields of events: sealed with the person's key when they are written, opened while that key is there.

In the store a sealed value is `{"enc": "<base64>"}`. A person who was erased has no key any more and gets none: their
values are None from then on, and the hashes over what is stored stay true.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.security.master_keys import MasterKeys
from adapters.security.sealing import NotOpened, new_key, open_text, seal_text, unwrap, wrap
from adapters.sql.tables.events import user_key
from domain.audit.model import StoredEvent
from domain.shared.errors import Unavailable
from domain.shared.events import Event

SEALED = "enc"

_log = logging.getLogger(__name__)

_FIND = select(user_key).where(user_key.c.user_id.in_(bindparam("user_ids", expanding=True)))
# Who was erased gets no key again.
_MAKE = text(
    """
    INSERT INTO user_key (user_id, wrapped, master_key_id, created_at)
    SELECT :user_id, :wrapped, :master_key_id, now()
    WHERE NOT EXISTS (SELECT FROM erased_user WHERE user_id = :user_id)
    ON CONFLICT DO NOTHING RETURNING user_id
    """
).bindparams(
    bindparam("user_id", type_=Uuid), bindparam("wrapped", type_=LargeBinary), bindparam("master_key_id", type_=Text)
)


class Sealer:
    """Seals the events of one transaction."""

    def __init__(self, connection: AsyncConnection, master: MasterKeys) -> None:
        self._connection = connection
        self._master = master
        # Of this transaction alone: a key that was made in one that is undone must never be used again.
        self._keys: dict[UUID, bytes | None] = {}

    async def sealed(self, event: Event, event_id: UUID) -> dict[str, Any]:
        """Return the event's fields as they are stored."""
        data = event.to_dict()
        given = [name for name in event.personal_fields() if data[name] is not None]
        if not given:
            return data
        key = await self.key_of(UUID(data["user_id"]))
        for name in given:
            data[name] = None if key is None else {SEALED: seal_text(key, data[name], event_id, name)}
        return data

    async def key_of(self, user_id: UUID) -> bytes | None:
        """Return the person's key, made if need be; None when they were erased."""
        if user_id not in self._keys:
            found = await keys_of(self._connection, self._master, [user_id])
            self._keys[user_id] = found.get(user_id) or await self._make(user_id)
        return self._keys[user_id]

    async def _make(self, user_id: UUID) -> bytes | None:
        key = new_key()
        values = {
            "user_id": user_id,
            "wrapped": wrap(self._master, user_id, key),
            "master_key_id": self._master.wrapping_id,
        }
        if (await self._connection.execute(_MAKE, values)).first() is not None:
            return key
        # Another transaction has made one just now; or the person was erased.
        return (await keys_of(self._connection, self._master, [user_id])).get(user_id)


async def keys_of(connection: AsyncConnection, master: MasterKeys, user_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return the keys that there are. Raises Unavailable when a master key is missing, which the log says."""
    rows = await connection.execute(_FIND, {"user_ids": list(user_ids)})
    try:
        return {row.user_id: unwrap(master, row.master_key_id, row.user_id, bytes(row.wrapped)) for row in rows}
    except NotOpened as error:
        _log.exception("A user's key cannot be unwrapped: FLUENTPRO_MASTER_KEYS is not the file that wrapped it.")
        raise Unavailable("The keys of personal data are not at hand.", retry_after=1.0) from error


async def opened(
    connection: AsyncConnection, master: MasterKeys, events: Sequence[StoredEvent]
) -> list[Mapping[str, Any]]:
    """Return the data of each event with its personal values as text; None where the person was erased."""
    owners = {event.data.get("user_id") for event in events if _sealed_names(event)}
    if not owners:
        return [event.data for event in events]
    keys = await keys_of(connection, master, [UUID(owner) for owner in owners if isinstance(owner, str)])
    by_owner = {str(user_id): key for user_id, key in keys.items()}
    return [_open(event, by_owner.get(event.data.get("user_id", ""))) for event in events]


def _sealed_names(event: StoredEvent) -> list[str]:
    return [name for name, value in event.data.items() if isinstance(value, dict) and value.keys() == {SEALED}]


def _open(event: StoredEvent, key: bytes | None) -> Mapping[str, Any]:
    texts: dict[str, str | None] = dict.fromkeys(_sealed_names(event))
    if key is not None:
        for name in texts:
            with suppress(NotOpened):  # as good as erased
                texts[name] = open_text(key, event.data[name][SEALED], event.event_id, name)
    return {**event.data, **texts}
