"""What is near to a learner's work, and what generated scenarios are to be about."""

from dataclasses import replace
from uuid import UUID

import pytest
from fakes.catalog import FakeCatalog

from adapters.seed.files import read_catalog
from domain.onboarding.errors import OnboardingIncomplete
from domain.onboarding.model import Onboarding, PartnerSelection, SituationSelection
from domain.practice.planning import GenerationRequest, Planner
from domain.practice.recommendations import fit, ranked
from domain.practice.scenario import CefrLevel
from domain.shared.errors import InvalidRequest

CATALOG = read_catalog()
ANN = UUID(int=1)
A_SCENARIO = CATALOG.scenarios[0]


def chosen(partner: str, *situations: str) -> PartnerSelection:
    return PartnerSelection(partner, None, tuple(map(SituationSelection, situations)))


ANSWERED = Onboarding(
    ANN,
    industry_id="hotels_hospitality",
    role_id="concierge",
    selections=(chosen("customers", "phone_calls", "interviews"), chosen("suppliers", "negotiations")),
)
ROLE = next(role for role in CATALOG.roles if role.id == "concierge")


def test_the_nearer_the_higher() -> None:
    fitting = replace(
        A_SCENARIO,
        industry_id="hotels_hospitality",
        role_id="concierge",
        partner_id="customers",
        situation_id="phone_calls",
        level=CefrLevel.B1,
    )
    order = [
        fitting,
        replace(fitting, level=CefrLevel.C1),
        replace(fitting, situation_id="negotiations"),
        replace(fitting, situation_id="briefings"),
        replace(fitting, partner_id="suppliers", situation_id="briefings"),
        replace(fitting, partner_id="clients"),
        replace(fitting, role_id="spa_therapist"),
        replace(fitting, role_id="auditor", industry_id="banking_finance"),
    ]
    scores = [fit(scenario, ANSWERED, ROLE) for scenario in order]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert ranked(order[::-1], ANSWERED, ROLE) == order


def test_what_has_nothing_to_do_with_the_learner_is_left_out() -> None:
    stranger = replace(A_SCENARIO, industry_id="x", role_id="x", partner_id="x", situation_id="phone_calls")
    assert ranked([stranger], ANSWERED, ROLE) == []
    assert ranked(CATALOG.scenarios, Onboarding(ANN), None) == []


async def pairs(request: GenerationRequest, onboarding: Onboarding = ANSWERED) -> list[tuple[str, str]]:
    briefs = await Planner(FakeCatalog(CATALOG), onboarding).plan(request)
    return [(brief.partner.id, brief.situation.id) for brief in briefs]


async def test_partners_come_in_turn_and_each_ones_occasions_do() -> None:
    first = [("customers", "phone_calls"), ("suppliers", "negotiations"), ("customers", "interviews")]
    assert await pairs(GenerationRequest()) == first
    assert await pairs(GenerationRequest(count=5)) == [*first, *first[:2]]


async def test_one_partner_has_its_own_occasions_and_a_new_one_those_of_all() -> None:
    assert await pairs(GenerationRequest(partner_id="suppliers")) == [("suppliers", "negotiations")] * 3
    everywhere = ["phone_calls", "interviews", "negotiations"]
    assert await pairs(GenerationRequest(partner_id="clients")) == [("clients", one) for one in everywhere]


async def test_one_occasion_is_every_partners() -> None:
    found = await pairs(GenerationRequest(situation_id="briefings"))
    assert found == [("customers", "briefings"), ("suppliers", "briefings"), ("customers", "briefings")]


@pytest.mark.parametrize(
    ("role_id", "level"), [("concierge", "B1"), ("housekeeping_supervisor", "B1"), ("warehouse_manager", "B2")]
)
async def test_the_level_is_that_of_the_role_unless_one_is_asked_for(role_id, level) -> None:
    planner = Planner(FakeCatalog(CATALOG), ANSWERED)
    assert (await planner.plan(GenerationRequest(role_id)))[0].level == level
    assert (await planner.plan(GenerationRequest(role_id, level="A1")))[0].level is CefrLevel.A1


async def test_a_partner_without_occasions_lacks_them_only_when_all_do() -> None:
    bare = replace(ANSWERED, selections=(chosen("customers"), chosen("suppliers", "negotiations")))
    found = await pairs(GenerationRequest(), bare)
    assert {situation for _, situation in found} == {"negotiations"}
    with pytest.raises(OnboardingIncomplete) as missing:
        await pairs(GenerationRequest(), replace(ANSWERED, selections=(chosen("customers"),)))
    assert missing.value.metadata == {"missing": "SITUATION_SELECTION"}


async def test_what_is_wrong_is_told_before_what_is_missing() -> None:
    with pytest.raises(InvalidRequest):
        await pairs(GenerationRequest(level="Z"), Onboarding(ANN))
