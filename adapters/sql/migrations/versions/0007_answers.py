"""The answers to requests that have an idempotency key."""

from alembic import op

revision = "0007"
down_revision = "0006"

_STATEMENTS = (
    """
    CREATE TABLE answer (
        user_id uuid NOT NULL,
        method text NOT NULL,
        key uuid NOT NULL,
        digest bytea NOT NULL,
        sealed bytea NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_answer PRIMARY KEY (user_id, method, key)
    )
    """,
    "CREATE INDEX ix_answer_created_at ON answer (created_at)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
