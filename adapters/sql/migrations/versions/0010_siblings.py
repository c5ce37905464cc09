"""Replies that take the place of others; and with which version of its conversation each turn and reply came."""

from alembic import op

revision = "0010"
down_revision = "0009"

# A turn from before counts as brought by the first version, and a reply too: who watches from there has them all.
_STATEMENTS = (
    """
    ALTER TABLE turn
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN replaced boolean NOT NULL DEFAULT false
    """,
    """
    ALTER TABLE generation
        ADD COLUMN client_message_id text,
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD CONSTRAINT uq_generation_conversation_id_client_message_id UNIQUE (conversation_id, client_message_id)
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
