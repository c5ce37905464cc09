"""What clients were told whose requests have a key."""

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid

from adapters.sql.tables import metadata

# The answer is sealed with the user's key. No reference to the account: whose key is gone, nobody can read.
answer = Table(
    "answer",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("key", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

Index("ix_answer_created_at", answer.c.created_at)
