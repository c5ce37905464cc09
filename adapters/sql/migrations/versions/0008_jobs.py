"""Jobs that run: leases, crashes, ends, and the processes that run them."""

from alembic import op

revision = "0008"
down_revision = "0007"

_STATEMENTS = (
    """
    ALTER TABLE job
        ADD COLUMN queue text,
        ADD COLUMN failures integer NOT NULL DEFAULT 0,
        ADD COLUMN crashes integer NOT NULL DEFAULT 0,
        ADD COLUMN starts_at timestamptz,
        ADD COLUMN lease_until timestamptz,
        ADD COLUMN cancel_requested_at timestamptz,
        ADD COLUMN failure_reason text,
        ADD COLUMN finished_at timestamptz
    """,
    "UPDATE job SET queue = split_part(name, '.', 1), starts_at = due_at",
    "ALTER TABLE job ALTER COLUMN queue SET NOT NULL, ALTER COLUMN starts_at SET NOT NULL",
    "DROP INDEX ix_job_due",
    "DROP INDEX ix_job_user_id",
    "CREATE INDEX ix_job_due ON job (due_at) WHERE state = 'queued' AND sent_at IS NULL",
    "CREATE INDEX ix_job_sent ON job (sent_at) WHERE state = 'queued' AND sent_at IS NOT NULL",
    "CREATE INDEX ix_job_running ON job (id) WHERE state = 'running'",
    "CREATE INDEX ix_job_user_id_created_at_id ON job (user_id, created_at, id)",
    "CREATE INDEX ix_job_created_at_id ON job (created_at, id)",
    """
    CREATE TABLE worker_process (
        node text NOT NULL,
        pid integer NOT NULL,
        job_id uuid,
        started_at timestamptz NOT NULL,
        beat_at timestamptz NOT NULL,
        CONSTRAINT pk_worker_process PRIMARY KEY (node, pid)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
