"""How often deprecated API versions are called."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE api_use (
            day date NOT NULL,
            version text NOT NULL,
            method text NOT NULL,
            client text NOT NULL,
            calls bigint NOT NULL,
            CONSTRAINT pk_api_use PRIMARY KEY (day, version, method, client)
        )
        """
    )
