"""Scenarios."""

from domain.practice.scenario import Scenario
from fluentpro.v2 import scenario_pb2


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
