"""What background work keeps: how far each handler is, what none could handle, the bus, the leaders and the jobs."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    Interval,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
)
from sqlalchemy.dialects.postgresql import JSONB

from adapters.sql.tables import metadata

handler_position = Table(
    "handler_position",
    metadata,
    Column("handler", Text, primary_key=True),
    Column("stream_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)

# Every event of the handler's up to this position has been passed by it.
handler_watermark = Table(
    "handler_watermark",
    metadata,
    Column("handler", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

handler_failure = Table(
    "handler_failure",
    metadata,
    Column("handler", Text, primary_key=True),
    Column("stream_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("handler", Text, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("handler", "stream_id", "version"),
)

Index("ix_dead_letter_queued", dead_letter.c.created_at, postgresql_where=dead_letter.c.state == "queued")
Index("ix_dead_letter_created_at_id", dead_letter.c.created_at, dead_letter.c.id)

# The id of the last entry that the relay wrote to a stream, by the relay's own account.
bus_stream = Table(
    "bus_stream",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_id", Text, nullable=False),
)

leadership = Table(
    "leadership",
    metadata,
    Column("name", Text, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("beat_at", DateTime(timezone=True), nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("arguments", JSONB, nullable=False),
    Column("user_id", Uuid),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("every", Interval),
    Column("sent_at", DateTime(timezone=True)),
    Column("lease_until", DateTime(timezone=True)),
    Column("cancel_requested_at", DateTime(timezone=True)),
    Column("progress", JSONB(none_as_null=True)),
    Column("result", JSONB(none_as_null=True)),
    Column("failure_reason", Text),
    Column("error", Text),
    Column("correlation_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
)

# What the dispatcher looks for: jobs to send, jobs sent and not begun, and jobs whose lease may be over. The lease is
# in no index, so that a renewal changes none.
_QUEUED = job.c.state == "queued"
Index("ix_job_due", job.c.due_at, postgresql_where=and_(_QUEUED, job.c.sent_at.is_(None)))
Index("ix_job_sent", job.c.sent_at, postgresql_where=and_(_QUEUED, job.c.sent_at.is_not(None)))
Index("ix_job_running", job.c.id, postgresql_where=job.c.state == "running")
Index("ix_job_user_id_created_at_id", job.c.user_id, job.c.created_at, job.c.id)
Index("ix_job_created_at_id", job.c.created_at, job.c.id)

# A row a process that runs jobs, which says every few seconds that it can. `node` is the name Celery gives its parent.
worker_process = Table(
    "worker_process",
    metadata,
    Column("node", Text, primary_key=True),
    Column("pid", Integer, primary_key=True, autoincrement=False),
    Column("job_id", Uuid),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("beat_at", DateTime(timezone=True), nullable=False),
)
