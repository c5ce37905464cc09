"""What workers do for the practice."""

from uuid import UUID

from adapters.material.files import shipped_material
from adapters.sql.catalog import SqlCatalog
from domain.practice.generation import GENERATE_SCENARIOS, ComposeScenarios
from domain.practice.planning import GenerationRequest
from domain.practice.recommendations import RECOMMEND_SCENARIOS, RecommendScenarios
from workers.tasks.attempt import Attempt
from workers.tasks.task import Task


async def recommend_scenarios(context: Attempt, *, user_id: UUID) -> None:
    """Work out what to recommend to a learner."""
    services = context.services
    await RecommendScenarios(services.reads, SqlCatalog(services.connections))(context, user_id)


async def generate_scenarios(  # noqa: PLR0913 - the fields of what was asked for
    context: Attempt,
    *,
    user_id: UUID,
    role_id: str | None = None,
    partner_id: str | None = None,
    situation_id: str | None = None,
    level: str | None = None,
    count: int | None = None,
) -> None:
    """Make scenarios for a learner."""
    services = context.services
    make = ComposeScenarios(services.reads, SqlCatalog(services.connections), shipped_material)
    await make(context, user_id, GenerationRequest(role_id, partner_id, situation_id, level, count))


TASKS = (Task(RECOMMEND_SCENARIOS, recommend_scenarios), Task(GENERATE_SCENARIOS, generate_scenarios))
