"""Records of persons, and of those who were erased: whichever handler comes first, nothing of them stays.

One handler makes a person's records, another removes them, and neither waits for the other. So who writes one holds a
shared lock and leaves out who is erased by then; who removes them holds the lock alone, and so sees all that was
written before.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

# Beside those of `adapters.sql.settled`, whose upper 16 bits are 0x4650.
_LOCK = 0x4651 << 48
_SHARE = text(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
_HAVE = text(f"SELECT pg_advisory_xact_lock({_LOCK})")

NOT_ERASED = "NOT EXISTS (SELECT FROM erased_user WHERE erased_user.user_id = made.user_id)"
"""The condition on rows `made` that are about to be written."""

_USERS = bindparam("user_ids", type_=ARRAY(Uuid))
_REMOVE = (
    text("DELETE FROM onboarding_record WHERE user_id = ANY (:user_ids)").bindparams(_USERS),
    text("DELETE FROM practice_record WHERE user_id = ANY (:user_ids)").bindparams(_USERS),
)


async def share_persons(connection: AsyncConnection) -> None:
    """Keep who removes records waiting until the transaction ends."""
    await connection.execute(_SHARE)


async def remove_records(connection: AsyncConnection, user_ids: Sequence[UUID]) -> None:
    """Remove what is kept of these persons. The caller commits."""
    if not user_ids:
        return
    await connection.execute(_HAVE)
    for statement in _REMOVE:
        await connection.execute(statement, {"user_ids": list(user_ids)})
