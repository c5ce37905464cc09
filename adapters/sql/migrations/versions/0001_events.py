"""The event store, its heads and the outbox; history cannot be rewritten."""

from alembic import op

revision = "0001"
down_revision = None

_STATEMENTS = (
    """
    CREATE TABLE event_store (
        stream_id text NOT NULL,
        version integer NOT NULL,
        position bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        event_id uuid NOT NULL,
        type text NOT NULL,
        schema_version integer NOT NULL,
        data jsonb NOT NULL,
        meta jsonb NOT NULL,
        occurred_at timestamptz NOT NULL,
        previous_hash bytea NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT pk_event_store PRIMARY KEY (stream_id, version),
        CONSTRAINT uq_event_store_position UNIQUE (position),
        CONSTRAINT uq_event_store_event_id UNIQUE (event_id)
    )
    """,
    """
    CREATE TABLE stream_head (
        stream_id text NOT NULL,
        version integer NOT NULL,
        hash bytea NOT NULL,
        CONSTRAINT pk_stream_head PRIMARY KEY (stream_id)
    )
    """,
    """
    CREATE TABLE outbox (
        position bigint NOT NULL,
        published_at timestamptz,
        CONSTRAINT pk_outbox PRIMARY KEY (position),
        CONSTRAINT fk_outbox_position FOREIGN KEY (position) REFERENCES event_store (position)
    )
    """,
    "CREATE INDEX ix_outbox_unpublished ON outbox (position) WHERE published_at IS NULL",
    """
    CREATE FUNCTION event_store_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'event_store is append-only';
    END
    $$
    """,
    """
    CREATE TRIGGER event_store_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_store
    FOR EACH STATEMENT EXECUTE FUNCTION event_store_is_append_only()
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
