"""The staff of the product under test: an administrator, and events that a handler could make nothing of."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from api.learner import Learner
from fakes.master_keys import MASTER_KEYS

from adapters.sql.engine import Connections
from adapters.sql.tables.background import dead_letter
from adapters.sql.unit_of_work import SqlUnitOfWork
from domain.identity.roles import GrantRole
from domain.shared.clock import system_clock


async def make_admin(connections: Connections, learner: Learner) -> None:
    """Make somebody an administrator, with a token that says so."""
    await GrantRole(lambda: SqlUnitOfWork(connections, system_clock, MASTER_KEYS))(learner.email, "admin")
    learner.token = (await learner.log_in()).access_token


async def plant_dead_letter(connections: Connections, **changes: Any) -> str:
    """Put an event aside, and return the dead letter's id."""
    now = datetime.now(UTC)
    letter = {
        "id": uuid4(),
        "handler": "practice_record",
        "stream_id": f"conversation-{uuid4()}",
        "version": 3,
        "position": 7,
        "event_id": uuid4(),
        "type": "conversation.turn_added",
        "reason": "EVENT_BROKEN",
        "error": "conversation.turn_added: KeyError: 'words'",
        "tries": 1,
        "state": "dead",
        "created_at": now,
        "updated_at": now,
    }
    async with connections.transaction() as connection:
        await connection.execute(dead_letter.insert(), letter | changes)
        await connection.commit()
    return str(letter["id"])
