"""Recommendations; and generated scenarios, whose partner and situation may be ones that a learner has named."""

from alembic import op

revision = "0009"
down_revision = "0008"

_STATEMENTS = (
    """
    CREATE TABLE recommendation (
        user_id uuid NOT NULL,
        place integer NOT NULL,
        scenario_id text NOT NULL,
        CONSTRAINT pk_recommendation PRIMARY KEY (user_id, place),
        CONSTRAINT fk_recommendation_user_id FOREIGN KEY (user_id) REFERENCES account (id) ON DELETE CASCADE,
        CONSTRAINT fk_recommendation_scenario_id FOREIGN KEY (scenario_id) REFERENCES scenario (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_recommendation_scenario_id ON recommendation (scenario_id)",
    "ALTER TABLE scenario DROP CONSTRAINT fk_scenario_partner_id, DROP CONSTRAINT fk_scenario_situation_id",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
