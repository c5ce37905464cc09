"""The learners' answers."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from adapters.sql.tables import metadata
from adapters.sql.tables.catalog import industry, language, role
from adapters.sql.tables.identity import account

# One row a learner. The partners and their situations are one value, replaced as a whole: a list of
# {partner_id, custom_name, situations: [{situation_id, custom_name}]}.
onboarding = Table(
    "onboarding",
    metadata,
    Column("user_id", Uuid, ForeignKey(account.c.id, ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("native_language_id", Text, ForeignKey(language.c.id)),
    Column("industry_id", Text, ForeignKey(industry.c.id)),
    Column("job_title", Text),
    Column("job_description", Text),
    Column("role_input", Boolean, nullable=False),
    Column("role_id", Text, ForeignKey(role.c.id)),
    Column("selections", JSONB, nullable=False),
    Column("step", Text, nullable=False),
    Column("completed_at", DateTime(timezone=True)),
)

# A learner's own roles go with the account: what refers to them must be found without reading everything.
Index("ix_onboarding_role_id", onboarding.c.role_id)
