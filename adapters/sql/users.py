"""Accounts in Postgres."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.identity import account
from domain.identity.model import User

_COLUMNS = account.c.keys()
_ADD = insert(account).on_conflict_do_nothing(index_elements=["email_key"]).returning(account.c.id)
_GET = select(account).where(account.c.id == bindparam("user_id"))
# NO KEY: sessions of this account may be added meanwhile.
_GET_FOR_UPDATE = _GET.with_for_update(key_share=True)
# What a reference from a new session would take: it waits for who has the account exclusively, and for an erasure.
_GET_FOR_SESSION = _GET.with_for_update(read=True, key_share=True)
_GET_EXCLUSIVELY = _GET.with_for_update()
_GET_BY_EMAIL = select(account).where(account.c.email_key == bindparam("key"))
_SAVE = (
    update(account)
    .where(account.c.id == bindparam("user_id"))
    .values({name: bindparam(f"new_{name}") for name in ("full_name", "date_of_birth", "updated_at", "version")})
)
_SAVE_ROLES = update(account).where(account.c.id == bindparam("user_id")).values(roles=bindparam("new_roles"))
_REPLACE_PASSWORD_HASH = (
    update(account)
    .where(account.c.id == bindparam("user_id"), account.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
)


class SqlUsers:
    """Keeps accounts. See domain.identity.ports.Users."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, user: User) -> bool:
        """Add a new user; False when the address is taken, also by a transaction that commits while this one waits."""
        row = {name: getattr(user, name) for name in _COLUMNS} | {"roles": list(user.roles)}
        return (await self._connection.execute(_ADD, row)).first() is not None

    async def get(self, user_id: UUID) -> User | None:
        """Give a user."""
        return await self._one(_GET, {"user_id": user_id})

    async def get_for_update(self, user_id: UUID) -> User | None:
        """Give a user and lock it until the transaction's end."""
        return await self._one(_GET_FOR_UPDATE, {"user_id": user_id})

    async def get_for_session(self, user_id: UUID) -> User | None:
        """Give a user as they are now, and hold off `get_exclusively` until the transaction's end."""
        return await self._one(_GET_FOR_SESSION, {"user_id": user_id})

    async def get_exclusively(self, user_id: UUID) -> User | None:
        """Give a user, and hold off every other lock of them until the transaction's end."""
        return await self._one(_GET_EXCLUSIVELY, {"user_id": user_id})

    async def get_by_email(self, email_key: str) -> User | None:
        """Give the user whose address has this key."""
        return await self._one(_GET_BY_EMAIL, {"key": email_key})

    async def save(self, user: User) -> None:
        """Write the profile of a user."""
        values = {
            "user_id": user.id,
            "new_full_name": user.full_name,
            "new_date_of_birth": user.date_of_birth,
            "new_updated_at": user.updated_at,
            "new_version": user.version,
        }
        await self._connection.execute(_SAVE, values)

    async def save_roles(self, user: User) -> None:
        """Write the roles of a user."""
        await self._connection.execute(_SAVE_ROLES, {"user_id": user.id, "new_roles": list(user.roles)})

    async def replace_password_hash(self, user_id: UUID, old: str, new: str) -> None:
        """Write another hash of the same password, unless the password was changed meanwhile."""
        await self._connection.execute(_REPLACE_PASSWORD_HASH, {"user_id": user_id, "old": old, "new": new})

    async def _one(self, statement: Select[Any], values: dict[str, Any]) -> User | None:
        row = (await self._connection.execute(statement, values)).mappings().first()
        return None if row is None else User(**{**row, "roles": tuple(row["roles"])})
