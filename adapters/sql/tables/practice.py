"""Conversations, what was said in them, and the making of replies."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from adapters.sql.tables import metadata
from adapters.sql.tables.identity import account

# No reference to the scenario: what was said can be read when the scenario is gone.
conversation = Table(
    "conversation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(account.c.id, ondelete="CASCADE"), nullable=False),
    Column("scenario_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("active_generation_id", Uuid),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)

# For the learner's list, which is read from its end.
Index("ix_conversation_user_id_created_at_id", conversation.c.user_id, conversation.c.created_at, conversation.c.id)

# `generation_id` is no reference: the learner's turn and its generation would each have to be there first.
turn = Table(
    "turn",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("conversation_id", Uuid, ForeignKey(conversation.c.id, ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("client_message_id", Text),
    Column("generation_id", Uuid),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("replaced", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("conversation_id", "position"),
    UniqueConstraint("conversation_id", "client_message_id"),
)

# A generation makes at most one turn.
Index("uq_turn_generation_id", turn.c.generation_id, unique=True, postgresql_where=turn.c.author == "partner")

# `user_id` is the conversation's, kept here so that a reader of the log is known without a join.
generation = Table(
    "generation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("conversation_id", Uuid, ForeignKey(conversation.c.id, ondelete="CASCADE"), nullable=False),
    Column("turn_id", Uuid, ForeignKey(turn.c.id, ondelete="CASCADE"), nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", DateTime(timezone=True), nullable=False),
    Column("cancel_requested_at", DateTime(timezone=True)),
    Column("partial_text", Text, nullable=False),
    Column("last_sequence", Integer, nullable=False),
    Column("finish_reason", Text),
    Column("failure_reason", Text),
    Column("model", Text),
    Column("client_message_id", Text),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    UniqueConstraint("conversation_id", "client_message_id"),
)

# A conversation has one reply under way. The sweeper looks here too: `lease_until` is in no index, so that a renewal
# changes none.
Index(
    "uq_generation_conversation_id",
    generation.c.conversation_id,
    unique=True,
    postgresql_where=generation.c.status.in_(["queued", "running"]),
)
Index("ix_generation_conversation_id", generation.c.conversation_id)
Index("ix_generation_turn_id", generation.c.turn_id)

usage = Table(
    "usage",
    metadata,
    Column("generation_id", Uuid, ForeignKey(generation.c.id, ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("model", Text),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

# One row for each day on which they practised, in UTC; it is locked while a reply is begun or ended.
token_budget = Table(
    "token_budget",
    metadata,
    Column("user_id", Uuid, ForeignKey(account.c.id, ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reserved", Integer, nullable=False),
    Column("spent", Integer, nullable=False),
)
