"""Background work: checkpoints, keys, handlers, dead letters, jobs, projections; and positions that are hashed.

An event's hash covers its position from now on. Events from before are hashed again, which nobody can mistake for
tampering: there was no checkpoint yet.
"""

import hashlib
import json
from itertools import groupby
from operator import attrgetter
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

revision = "0006"
down_revision = "0005"

_TABLES = (
    """
    CREATE TABLE checkpoint (
        number bigint NOT NULL,
        position bigint NOT NULL,
        events bigint NOT NULL,
        heads jsonb NOT NULL,
        previous_digest bytea NOT NULL,
        digest bytea NOT NULL,
        key_id text NOT NULL,
        signature bytea NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_checkpoint PRIMARY KEY (number)
    )
    """,
    """
    CREATE TABLE user_key (
        user_id uuid NOT NULL,
        wrapped bytea NOT NULL,
        master_key_id text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_user_key PRIMARY KEY (user_id)
    )
    """,
    """
    CREATE TABLE erased_user (
        user_id uuid NOT NULL,
        erased_at timestamptz NOT NULL,
        CONSTRAINT pk_erased_user PRIMARY KEY (user_id)
    )
    """,
    """
    CREATE TABLE handler_position (
        handler text NOT NULL,
        stream_id text NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_handler_position PRIMARY KEY (handler, stream_id)
    )
    """,
    """
    CREATE TABLE handler_watermark (
        handler text NOT NULL,
        position bigint NOT NULL,
        CONSTRAINT pk_handler_watermark PRIMARY KEY (handler)
    )
    """,
    """
    CREATE TABLE handler_failure (
        handler text NOT NULL,
        stream_id text NOT NULL,
        version integer NOT NULL,
        tries integer NOT NULL,
        reason text NOT NULL,
        error text NOT NULL,
        failed_at timestamptz NOT NULL,
        CONSTRAINT pk_handler_failure PRIMARY KEY (handler, stream_id)
    )
    """,
    """
    CREATE TABLE dead_letter (
        id uuid NOT NULL,
        handler text NOT NULL,
        stream_id text NOT NULL,
        version integer NOT NULL,
        position bigint NOT NULL,
        event_id uuid NOT NULL,
        type text NOT NULL,
        reason text NOT NULL,
        error text NOT NULL,
        tries integer NOT NULL,
        state text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_dead_letter PRIMARY KEY (id),
        CONSTRAINT uq_dead_letter_handler_stream_id_version UNIQUE (handler, stream_id, version)
    )
    """,
    "CREATE INDEX ix_dead_letter_created_at_id ON dead_letter (created_at, id)",
    "CREATE INDEX ix_dead_letter_queued ON dead_letter (created_at) WHERE state = 'queued'",
    """
    CREATE TABLE bus_stream (
        name text NOT NULL,
        last_id text NOT NULL,
        CONSTRAINT pk_bus_stream PRIMARY KEY (name)
    )
    """,
    """
    CREATE TABLE leadership (
        name text NOT NULL,
        pid integer NOT NULL,
        beat_at timestamptz NOT NULL,
        CONSTRAINT pk_leadership PRIMARY KEY (name)
    )
    """,
    """
    CREATE TABLE job (
        id uuid NOT NULL,
        key text NOT NULL,
        name text NOT NULL,
        arguments jsonb NOT NULL,
        user_id uuid,
        state text NOT NULL,
        attempts integer NOT NULL,
        due_at timestamptz NOT NULL,
        every interval,
        sent_at timestamptz,
        progress jsonb,
        result jsonb,
        error text,
        correlation_id text NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_job PRIMARY KEY (id),
        CONSTRAINT uq_job_key UNIQUE (key)
    )
    """,
    "CREATE INDEX ix_job_due ON job (due_at) WHERE state = 'queued'",
    "CREATE INDEX ix_job_user_id ON job (user_id)",
    """
    CREATE TABLE onboarding_record (
        user_id uuid NOT NULL,
        started_at timestamptz,
        completed_at timestamptz,
        resets integer NOT NULL,
        steps jsonb NOT NULL,
        CONSTRAINT pk_onboarding_record PRIMARY KEY (user_id)
    )
    """,
    """
    CREATE TABLE practice_record (
        conversation_id uuid NOT NULL,
        user_id uuid NOT NULL,
        scenario_id text NOT NULL,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        learner_turns integer NOT NULL,
        partner_turns integer NOT NULL,
        learner_words integer NOT NULL,
        partner_words integer NOT NULL,
        partial_turns integer NOT NULL,
        CONSTRAINT pk_practice_record PRIMARY KEY (conversation_id)
    )
    """,
    "CREATE INDEX ix_practice_record_user_id ON practice_record (user_id)",
    """
    CREATE TABLE audit_search (
        position bigint NOT NULL,
        stream_id text NOT NULL,
        version integer NOT NULL,
        type text NOT NULL,
        actor text NOT NULL,
        user_id uuid,
        correlation_id text NOT NULL,
        occurred_at timestamptz NOT NULL,
        CONSTRAINT pk_audit_search PRIMARY KEY (position)
    )
    """,
    "CREATE INDEX ix_audit_search_actor_position ON audit_search (actor, position)",
    "CREATE INDEX ix_audit_search_occurred_at ON audit_search (occurred_at)",
    "CREATE INDEX ix_audit_search_stream_id_position ON audit_search (stream_id, position)",
    "CREATE INDEX ix_audit_search_type_position ON audit_search (type, position)",
    "CREATE INDEX ix_audit_search_user_id_position ON audit_search (user_id, position)",
)

_APPEND_ONLY = tuple(
    f"""
    CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION event_store_is_append_only()
    """
    for table in ("checkpoint", "erased_user")
)

_CHANGES = (
    "ALTER TABLE account ADD COLUMN roles text[] NOT NULL DEFAULT '{}'",
    # A position is drawn before its event is hashed.
    "ALTER TABLE event_store ALTER COLUMN position SET GENERATED BY DEFAULT",
    """
    CREATE OR REPLACE FUNCTION event_store_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END
    $$
    """,
    # The channel has the table's name.
    """
    CREATE FUNCTION tell_of_rows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('fluentpro_' || TG_TABLE_NAME, '');
        RETURN NULL;
    END
    $$
    """,
    *(
        f"CREATE TRIGGER {table}_tells AFTER INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION tell_of_rows()"
        for table in ("outbox", "job")
    ),
)


def upgrade() -> None:
    for statement in (*_TABLES, *_CHANGES, *_APPEND_ONLY):
        op.execute(statement)
    _hash_again(op.get_bind())


def _hash_again(connection: Connection) -> None:
    op.execute("ALTER TABLE event_store DISABLE TRIGGER event_store_is_append_only")
    rows = connection.execute(text("SELECT * FROM event_store ORDER BY stream_id, version"))
    for stream_id, events in groupby(rows, key=attrgetter("stream_id")):
        previous = b""
        for row in events:
            changed = {"position": row.position, "previous": previous, "hash": (previous := _hash(row, previous))}
            connection.execute(_REPLACE_HASH, changed)
        connection.execute(_REPLACE_HEAD, {"stream_id": stream_id, "hash": previous})
    op.execute("ALTER TABLE event_store ENABLE TRIGGER event_store_is_append_only")


_REPLACE_HASH = text("UPDATE event_store SET previous_hash = :previous, hash = :hash WHERE position = :position")
_REPLACE_HEAD = text("UPDATE stream_head SET hash = :hash WHERE stream_id = :stream_id")
_HASHED = ("position", "stream_id", "version", "event_id", "type", "schema_version", "data", "meta", "occurred_at")


def _hash(row: Any, previous: bytes) -> bytes:
    content = {name: getattr(row, name) for name in _HASHED}
    content |= {"event_id": str(row.event_id), "occurred_at": row.occurred_at.isoformat()}
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(previous + written.encode()).digest()
