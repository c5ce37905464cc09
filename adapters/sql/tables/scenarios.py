"""What there is to practise."""

from sqlalchemy import Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB

from adapters.sql.tables import metadata
from adapters.sql.tables.catalog import industry, role
from adapters.sql.tables.identity import account

# What is asked for has columns; the rest of a scenario, which is read as a whole, is `content`. Partner and situation
# are no references: in a scenario made for a learner they may be ones that the learner has named.
scenario = Table(
    "scenario",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", Uuid, ForeignKey(account.c.id, ondelete="CASCADE")),
    Column("position", Integer, nullable=False),
    Column("industry_id", Text, ForeignKey(industry.c.id), nullable=False),
    Column("role_id", Text, ForeignKey(role.c.id), nullable=False),
    Column("partner_id", Text, nullable=False),
    Column("situation_id", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

# For the learner's own scenarios, and for the cascade from their account.
Index("ix_scenario_owner_id", scenario.c.owner_id, postgresql_where=scenario.c.owner_id.is_not(None))

# A learner's own roles go with the account: what refers to them must be found without reading everything.
Index("ix_scenario_role_id", scenario.c.role_id)

# What a learner is recommended, best first; replaced as a whole.
recommendation = Table(
    "recommendation",
    metadata,
    Column("user_id", Uuid, ForeignKey(account.c.id, ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("scenario_id", Text, ForeignKey(scenario.c.id, ondelete="CASCADE"), nullable=False),
)

# For the cascade from scenarios, which are a learner's own at times.
Index("ix_recommendation_scenario_id", recommendation.c.scenario_id)
