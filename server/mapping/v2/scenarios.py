"""Scenarios."""

from domain.practice.planning import GenerationRequest
from domain.practice.scenario import Scenario
from fluentpro.v2 import scenario_pb2, scenario_service_pb2


def scenario(value: Scenario) -> scenario_pb2.Scenario:
    """Map a scenario. The partner's goal and script stay with us: reading them would spoil the practice."""
    return scenario_pb2.Scenario(
        id=value.id,
        title=value.title,
        introduction=value.introduction,
        skill_aims=value.skill_aims,
        language_aims=value.language_aims,
        persona=value.persona,
        opening_line=value.opening_line,
        vocabulary=[scenario_pb2.VocabularyItem(word=item.word, context=item.context) for item in value.vocabulary],
        targets=value.targets,
        level=value.level.value,
        industry_id=value.industry_id,
        role_id=value.role_id,
        partner_id=value.partner_id,
        situation_id=value.situation_id,
    )


def generation_request(request: scenario_service_pb2.GenerateScenariosRequest) -> GenerationRequest:
    """Map what the learner asks for; what is absent is None."""
    return GenerationRequest(
        role_id=request.role_id if request.HasField("role_id") else None,
        partner_id=request.partner_id if request.HasField("partner_id") else None,
        situation_id=request.situation_id if request.HasField("situation_id") else None,
        level=request.level if request.HasField("level") else None,
        count=request.count if request.HasField("count") else None,
    )
