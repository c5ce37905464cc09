"""What projections make of the events; all of it can be made again."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from adapters.sql.tables import metadata

# `steps` has the time at which each step was first completed since the last reset, as ISO 8601.
onboarding_record = Table(
    "onboarding_record",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("started_at", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    Column("resets", Integer, nullable=False),
    Column("steps", JSONB, nullable=False),
)

# A row a conversation: a learner's statistics are sums over theirs.
practice_record = Table(
    "practice_record",
    metadata,
    Column("conversation_id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    Column("scenario_id", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("learner_turns", Integer, nullable=False),
    Column("partner_turns", Integer, nullable=False),
    Column("learner_words", Integer, nullable=False),
    Column("partner_words", Integer, nullable=False),
    Column("partial_turns", Integer, nullable=False),
)

Index("ix_practice_record_user_id", practice_record.c.user_id)

audit_search = Table(
    "audit_search",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("user_id", Uuid),
    Column("correlation_id", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
)

Index("ix_audit_search_stream_id_position", audit_search.c.stream_id, audit_search.c.position)
Index("ix_audit_search_type_position", audit_search.c.type, audit_search.c.position)
Index("ix_audit_search_actor_position", audit_search.c.actor, audit_search.c.position)
Index("ix_audit_search_user_id_position", audit_search.c.user_id, audit_search.c.position)
Index("ix_audit_search_occurred_at", audit_search.c.occurred_at)
