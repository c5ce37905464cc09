"""Conversations, turns, generations and what they cost."""

from alembic import op

revision = "0004"
down_revision = "0003"

_CONVERSATIONS = (
    """
    CREATE TABLE conversation (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        scenario_id text NOT NULL,
        status text NOT NULL,
        version integer NOT NULL,
        fence integer NOT NULL,
        turns integer NOT NULL,
        active_generation_id uuid,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT pk_conversation PRIMARY KEY (id),
        CONSTRAINT fk_conversation_user_id FOREIGN KEY (user_id) REFERENCES account (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_conversation_user_id_created_at_id ON conversation (user_id, created_at, id)",
    """
    CREATE TABLE turn (
        id uuid NOT NULL,
        conversation_id uuid NOT NULL,
        position integer NOT NULL,
        author text NOT NULL,
        text text NOT NULL,
        partial boolean NOT NULL,
        client_message_id text,
        generation_id uuid,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_turn PRIMARY KEY (id),
        CONSTRAINT fk_turn_conversation_id FOREIGN KEY (conversation_id) REFERENCES conversation (id) ON DELETE CASCADE,
        CONSTRAINT uq_turn_conversation_id_position UNIQUE (conversation_id, position),
        CONSTRAINT uq_turn_conversation_id_client_message_id UNIQUE (conversation_id, client_message_id)
    )
    """,
    "CREATE UNIQUE INDEX uq_turn_generation_id ON turn (generation_id) WHERE author = 'partner'",
)

_GENERATIONS = (
    """
    CREATE TABLE generation (
        id uuid NOT NULL,
        conversation_id uuid NOT NULL,
        turn_id uuid NOT NULL,
        user_id uuid NOT NULL,
        status text NOT NULL,
        attempt integer NOT NULL,
        lease_until timestamptz NOT NULL,
        cancel_requested_at timestamptz,
        partial_text text NOT NULL,
        last_sequence integer NOT NULL,
        finish_reason text,
        failure_reason text,
        model text,
        created_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT pk_generation PRIMARY KEY (id),
        CONSTRAINT fk_generation_conversation_id FOREIGN KEY (conversation_id) REFERENCES conversation (id)
            ON DELETE CASCADE,
        CONSTRAINT fk_generation_turn_id FOREIGN KEY (turn_id) REFERENCES turn (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE UNIQUE INDEX uq_generation_conversation_id ON generation (conversation_id)
    WHERE status IN ('queued', 'running')
    """,
    "CREATE INDEX ix_generation_conversation_id ON generation (conversation_id)",
    "CREATE INDEX ix_generation_turn_id ON generation (turn_id)",
    """
    CREATE TABLE usage (
        generation_id uuid NOT NULL,
        attempt integer NOT NULL,
        model text,
        input_tokens integer NOT NULL,
        output_tokens integer NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_usage PRIMARY KEY (generation_id, attempt),
        CONSTRAINT fk_usage_generation_id FOREIGN KEY (generation_id) REFERENCES generation (id) ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    for statement in (*_CONVERSATIONS, *_GENERATIONS):
        op.execute(statement)
