"""The catalogue, scenarios and the learners' answers."""

from alembic import op

revision = "0003"
down_revision = "0002"

_CATALOGUE = (
    """
    CREATE TABLE language (
        id text NOT NULL,
        position integer NOT NULL,
        display_name text NOT NULL,
        available boolean NOT NULL,
        CONSTRAINT pk_language PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE industry (
        id text NOT NULL,
        position integer NOT NULL,
        display_name text NOT NULL,
        CONSTRAINT pk_industry PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE communication_partner (
        id text NOT NULL,
        position integer NOT NULL,
        display_name text NOT NULL,
        description text NOT NULL,
        CONSTRAINT pk_communication_partner PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE situation (
        id text NOT NULL,
        position integer NOT NULL,
        display_name text NOT NULL,
        CONSTRAINT pk_situation PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE role (
        id text NOT NULL,
        owner_id uuid,
        position integer NOT NULL,
        industry_id text NOT NULL,
        title text NOT NULL,
        duties text NOT NULL,
        aliases text[] NOT NULL,
        level text NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_role PRIMARY KEY (id),
        CONSTRAINT fk_role_owner_id FOREIGN KEY (owner_id) REFERENCES account (id) ON DELETE CASCADE,
        CONSTRAINT fk_role_industry_id FOREIGN KEY (industry_id) REFERENCES industry (id)
    )
    """,
    "CREATE INDEX ix_role_owner_id ON role (owner_id) WHERE owner_id IS NOT NULL",
)

_SCENARIOS = (
    """
    CREATE TABLE scenario (
        id text NOT NULL,
        owner_id uuid,
        position integer NOT NULL,
        industry_id text NOT NULL,
        role_id text NOT NULL,
        partner_id text NOT NULL,
        situation_id text NOT NULL,
        level text NOT NULL,
        content jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_scenario PRIMARY KEY (id),
        CONSTRAINT fk_scenario_owner_id FOREIGN KEY (owner_id) REFERENCES account (id) ON DELETE CASCADE,
        CONSTRAINT fk_scenario_industry_id FOREIGN KEY (industry_id) REFERENCES industry (id),
        CONSTRAINT fk_scenario_role_id FOREIGN KEY (role_id) REFERENCES role (id),
        CONSTRAINT fk_scenario_partner_id FOREIGN KEY (partner_id) REFERENCES communication_partner (id),
        CONSTRAINT fk_scenario_situation_id FOREIGN KEY (situation_id) REFERENCES situation (id)
    )
    """,
    "CREATE INDEX ix_scenario_owner_id ON scenario (owner_id) WHERE owner_id IS NOT NULL",
    "CREATE INDEX ix_scenario_role_id ON scenario (role_id)",
)

_ONBOARDING = (
    """
    CREATE TABLE onboarding (
        user_id uuid NOT NULL,
        version integer NOT NULL,
        native_language_id text,
        industry_id text,
        job_title text,
        job_description text,
        role_input boolean NOT NULL,
        role_id text,
        selections jsonb NOT NULL,
        step text NOT NULL,
        completed_at timestamptz,
        CONSTRAINT pk_onboarding PRIMARY KEY (user_id),
        CONSTRAINT fk_onboarding_user_id FOREIGN KEY (user_id) REFERENCES account (id) ON DELETE CASCADE,
        CONSTRAINT fk_onboarding_native_language_id FOREIGN KEY (native_language_id) REFERENCES language (id),
        CONSTRAINT fk_onboarding_industry_id FOREIGN KEY (industry_id) REFERENCES industry (id),
        CONSTRAINT fk_onboarding_role_id FOREIGN KEY (role_id) REFERENCES role (id)
    )
    """,
    "CREATE INDEX ix_onboarding_role_id ON onboarding (role_id)",
)


def upgrade() -> None:
    for statement in (*_CATALOGUE, *_SCENARIOS, *_ONBOARDING):
        op.execute(statement)
