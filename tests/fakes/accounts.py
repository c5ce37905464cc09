"""Accounts for tests that need one in the database and nothing of what it says."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from adapters.sql.engine import Connections
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.identity.model import User
from domain.shared.clock import system_clock
from fakes.master_keys import MASTER_KEYS


async def add_account(connections: Connections) -> UUID:
    """Add somebody to the database and give their id."""
    user_id = uuid4()
    email = f"{user_id}@example.com"
    then = datetime(2026, 1, 1, tzinfo=UTC)
    async with SqlUnitOfWork(connections, system_clock, MASTER_KEYS) as work:
        await work.users.add(User(user_id, email, email, "Somebody", None, "", False, then, then, then))
        await work.commit()
    return user_id
