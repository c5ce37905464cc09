"""Accounts, sessions and refresh tokens."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATEMENTS = (
    """
    CREATE TABLE account (
        id uuid NOT NULL,
        email text NOT NULL,
        email_key text NOT NULL,
        full_name text NOT NULL,
        date_of_birth date,
        password_hash text NOT NULL,
        email_verified boolean NOT NULL,
        terms_accepted_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_account PRIMARY KEY (id),
        CONSTRAINT uq_account_email_key UNIQUE (email_key)
    )
    """,
    """
    CREATE TABLE session (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        device text NOT NULL,
        created_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        absolute_expiry timestamptz NOT NULL,
        generation integer NOT NULL,
        rotated_at timestamptz NOT NULL,
        revoked_at timestamptz,
        CONSTRAINT pk_session PRIMARY KEY (id),
        CONSTRAINT fk_session_user_id FOREIGN KEY (user_id) REFERENCES account (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_session_user_id ON session (user_id)",
    """
    CREATE TABLE refresh_token (
        hash bytea NOT NULL,
        session_id uuid NOT NULL,
        generation integer NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_refresh_token PRIMARY KEY (hash),
        CONSTRAINT fk_refresh_token_session_id FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE
    )
    """,
    "CREATE UNIQUE INDEX ix_refresh_token_session_id_generation ON refresh_token (session_id, generation)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
