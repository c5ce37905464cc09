"""The catalogue, in display order by `position`, and the roles that learners make."""

from sqlalchemy import ARRAY, Boolean, Column, ForeignKey, Index, Integer, Table, Text, Uuid

from adapters.sql.tables import metadata
from adapters.sql.tables.identity import account

language = Table(
    "language",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("available", Boolean, nullable=False),
)

industry = Table(
    "industry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("display_name", Text, nullable=False),
)

communication_partner = Table(
    "communication_partner",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
)

situation = Table(
    "situation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("display_name", Text, nullable=False),
)

# A role with an owner is that learner's alone; its place is after those of the catalogue, so its position is 0.
role = Table(
    "role",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", Uuid, ForeignKey(account.c.id, ondelete="CASCADE")),
    Column("position", Integer, nullable=False),
    Column("industry_id", Text, ForeignKey(industry.c.id), nullable=False),
    Column("title", Text, nullable=False),
    Column("duties", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False),
    Column("level", Text, nullable=False),
    Column("version", Integer, nullable=False),
)

# For the learner's own roles, and for the cascade from their account.
Index("ix_role_owner_id", role.c.owner_id, postgresql_where=role.c.owner_id.is_not(None))
