"""What there is to practise."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB

from adapters.sql.tables import metadata
from adapters.sql.tables.catalog import communication_partner, industry, role, situation
from adapters.sql.tables.identity import account

# What is asked for has columns; the rest of a scenario, which is read as a whole, is `content`.
scenario = Table(
    "scenario",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", Uuid, ForeignKey(account.c.id, ondelete="CASCADE")),
    Column("position", Integer, nullable=False),
    Column("industry_id", Text, ForeignKey(industry.c.id), nullable=False),
    Column("role_id", Text, ForeignKey(role.c.id), nullable=False),
    Column("partner_id", Text, ForeignKey(communication_partner.c.id), nullable=False),
    Column("situation_id", Text, ForeignKey(situation.c.id), nullable=False),
    Column("level", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# For the learner's own scenarios, and for the cascade from their account.
Index("ix_scenario_owner_id", scenario.c.owner_id, postgresql_where=scenario.c.owner_id.is_not(None))

# A learner's own roles go with the account: what refers to them must be found without reading everything.
Index("ix_scenario_role_id", scenario.c.role_id)
