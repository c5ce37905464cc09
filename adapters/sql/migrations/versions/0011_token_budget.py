"""What each learner has set aside and spent of a day's tokens."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE token_budget (
            user_id uuid NOT NULL,
            day date NOT NULL,
            reserved integer NOT NULL,
            spent integer NOT NULL,
            CONSTRAINT pk_token_budget PRIMARY KEY (user_id, day),
            CONSTRAINT fk_token_budget_user_id FOREIGN KEY (user_id) REFERENCES account (id) ON DELETE CASCADE
        )
        """
    )
