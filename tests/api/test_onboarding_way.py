"""The whole way from a new account to a finished onboarding, over HTTP."""

import asyncio
from itertools import permutations
from typing import Any

import pytest
from api.contract import RPCS
from api.learner import JOB, Learner

from fluentpro.v2.onboarding_pb2 import OnboardingStep

LANGUAGE = ("SetNativeLanguage", {"language_id": "chinese_traditional"})
INDUSTRY = ("SetIndustry", {"industry_id": "hotels_hospitality"})
MATCH = ("MatchRoles", JOB)
ROLE = ("SelectRole", {"role_id": "front_desk_reception"})
PARTNERS = ("SetCommunicationPartners", {"partner_ids": ["customers"], "custom_partners": ["Tour guides"]})
SITUATIONS = ("SetSituations", {"partner_id": "customers", "situation_ids": ["phone_calls"]})
LAMP_LIGHTER = {
    "title": "Lamp lighter",
    "description": "I light every lamp of the house.",
    "level": "ROLE_LEVEL_ASSOCIATE",
}


class Onboarder:
    """A learner who answers over HTTP."""

    def __init__(self, http: Any, learner: Learner) -> None:
        self.http, self.learner = http, learner

    async def try_to(self, name: str, **fields: Any) -> Any:
        """Call a method of OnboardingService."""
        name = f"OnboardingService/{name}"
        return await self.http.call(name, RPCS[name].request(**fields), self.learner.token)

    async def do(self, name: str, fields: dict[str, Any] | None = None) -> Any:
        """Call a method that must succeed, and return its answer."""
        return (await self.try_to(name, **fields or {})).message

    async def state(self) -> Any:
        """Return the onboarding as it is."""
        return (await self.do("GetOnboarding")).onboarding

    async def steps(self) -> tuple[str, str]:
        """Return step and next step."""
        state = await self.state()
        return _name(state.step), _name(state.next_step)

    async def missing(self) -> list[str]:
        """Return the steps that lack an answer."""
        return [_name(step) for step in (await self.do("GetSummary")).missing]

    async def answer_all(self) -> None:
        """Give every answer."""
        for call in (LANGUAGE, INDUSTRY, MATCH, ROLE, PARTNERS, SITUATIONS):
            await self.do(*call)
        guides = (await self.state()).partners[1].partner.id
        await self.do("SetSituations", {"partner_id": guides, "situation_ids": ["meetings"]})


def _name(step: int) -> str:
    return OnboardingStep.Name(step).removeprefix("ONBOARDING_STEP_")


@pytest.fixture
def me(http, learner) -> Onboarder:
    return Onboarder(http, learner)


async def test_the_whole_way(me: Onboarder) -> None:
    assert await me.steps() == ("NOT_STARTED", "NATIVE_LANGUAGE")
    for call, expected in (
        (LANGUAGE, ("NATIVE_LANGUAGE", "INDUSTRY_SELECTION")),
        (INDUSTRY, ("INDUSTRY_SELECTION", "ROLE_INPUT")),
        (MATCH, ("ROLE_INPUT", "ROLE_SELECTION")),
        (ROLE, ("ROLE_SELECTION", "COMMUNICATION_PARTNERS")),
        (PARTNERS, ("COMMUNICATION_PARTNERS", "SITUATION_SELECTION")),
        (SITUATIONS, ("SITUATION_SELECTION", "SITUATION_SELECTION")),
    ):
        await me.do(*call)
        assert await me.steps() == expected, call
    guides = (await me.state()).partners[1].partner
    assert (guides.display_name, guides.custom) == ("Tour guides", True)
    await me.do("SetSituations", {"partner_id": guides.id, "custom_situations": ["On the bus"]})
    assert await me.steps() == ("SUMMARY", "COMPLETED")
    assert await me.missing() == []
    done = (await me.do("CompleteOnboarding")).onboarding
    assert (_name(done.step), _name(done.next_step)) == ("COMPLETED", "COMPLETED")
    assert (done.role.id, done.industry.id) == ("front_desk_reception", "hotels_hospitality")
    assert (done.job_title, done.job_description) == (JOB["job_title"], JOB["job_description"])
    assert [(one.partner.id, one.priority) for one in done.partners] == [("customers", 1), (guides.id, 2)]
    assert done.HasField("completed_at")
    assert (await me.do("CompleteOnboarding")).onboarding == done


async def test_what_somebody_does_is_found_by_a_description(me: Onboarder) -> None:
    await me.do(*INDUSTRY)
    matches = (await me.do(*MATCH)).matches
    assert matches[0].role.id == "front_desk_reception"
    assert 0 < len(matches) <= 5
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    assert all(0 <= match.score <= 1 and match.reasons for match in matches)


async def test_a_role_of_ones_own_is_chosen_and_found_by_the_next_search(me: Onboarder) -> None:
    await me.do(*INDUSTRY)
    role = (await me.do("CreateCustomRole", LAMP_LIGHTER)).role
    assert (role.custom, role.industry_id) == (True, "hotels_hospitality")
    assert (await me.state()).role == role
    found = (await me.do("MatchRoles", {"job_title": "Lamp lighter", "job_description": "I light the lamps."})).matches
    assert found[0].role == role
    await me.do(*ROLE)
    await me.do("SelectRole", {"role_id": role.id})
    assert (await me.state()).role == role


ORDERS = list(permutations([[LANGUAGE], [INDUSTRY, ROLE], [PARTNERS, SITUATIONS]]))


@pytest.mark.parametrize("order", ORDERS)
async def test_answers_may_come_in_any_order(me: Onboarder, order) -> None:
    for group in order:
        for call in group:
            await me.do(*call)
    guides = (await me.state()).partners[1].partner.id
    await me.do("SetSituations", {"partner_id": guides, "situation_ids": ["meetings"]})
    assert await me.steps() == ("SUMMARY", "COMPLETED")


@pytest.mark.parametrize("call", [MATCH, ROLE, ("CreateCustomRole", LAMP_LIGHTER)], ids=lambda call: call[0])
async def test_roles_need_an_industry(me: Onboarder, call) -> None:
    refused = await me.try_to(call[0], **call[1])
    assert (refused.http_status, refused.reason) == (400, "INDUSTRY_NOT_CHOSEN")
    assert await me.steps() == ("NOT_STARTED", "NATIVE_LANGUAGE")


async def test_first_answers_that_come_at_once_all_count(me: Onboarder) -> None:
    await asyncio.gather(*(me.do(*call) for call in (LANGUAGE, INDUSTRY, PARTNERS) * 3))
    state = await me.state()
    assert (state.native_language.id, state.industry.id) == ("chinese_traditional", "hotels_hospitality")
    assert [one.partner.display_name for one in state.partners] == ["Customers", "Tour guides"]


async def test_a_language_that_is_not_available_is_refused_and_the_others_are_named(me: Onboarder) -> None:
    refused = await me.try_to("SetNativeLanguage", language_id="french")
    assert refused.violations == [("language_id", "NOT_AVAILABLE")]
    assert (await me.try_to("SetNativeLanguage", language_id="klingon")).violations == [
        ("language_id", "UNKNOWN_VALUE")
    ]


async def test_other_partners_keep_and_drop_situations(me: Onboarder) -> None:
    await me.answer_all()
    guides = (await me.state()).partners[1].partner.id
    changed = (await me.do("SetCommunicationPartners", {"partner_ids": ["clients", guides]})).onboarding
    assert [one.partner.id for one in changed.partners] == ["clients", guides]
    assert [[each.id for each in one.situations] for one in changed.partners] == [[], ["meetings"]]
    assert _name(changed.next_step) == "SITUATION_SELECTION"
    back = (await me.do("SetCommunicationPartners", {"partner_ids": ["customers"]})).onboarding
    assert [(one.partner.id, list(one.situations)) for one in back.partners] == [("customers", [])]


async def test_situations_are_for_chosen_partners(me: Onboarder) -> None:
    await me.do(*PARTNERS)
    for partner in ("clients", "nobody"):
        refused = await me.try_to("SetSituations", partner_id=partner, situation_ids=["meetings"])
        assert (refused.http_status, refused.reason) == (404, "PARTNER_NOT_CHOSEN")
        assert refused.metadata == {"partner_id": partner}


async def test_another_industry_clears_the_role_and_the_role_only(me: Onboarder) -> None:
    await me.answer_all()
    done = (await me.do("CompleteOnboarding")).onboarding
    changed = (await me.do("SetIndustry", {"industry_id": "real_estate"})).onboarding
    assert not changed.HasField("role")
    assert (_name(changed.step), _name(changed.next_step)) == ("COMPLETED", "ROLE_SELECTION")
    assert changed.partners == done.partners
    assert (changed.native_language, changed.job_title) == (done.native_language, done.job_title)
    assert (await me.try_to("SelectRole", role_id="front_desk_reception")).violations == [("role_id", "UNKNOWN_VALUE")]


async def test_the_same_industry_again_clears_nothing(me: Onboarder) -> None:
    await me.answer_all()
    before = await me.state()
    assert (await me.do(*INDUSTRY)).onboarding == before


async def test_completing_names_everything_that_is_missing(me: Onboarder, door) -> None:
    await me.do(*INDUSTRY)
    await me.do(*PARTNERS)
    missing = ["NATIVE_LANGUAGE", "ROLE_INPUT", "ROLE_SELECTION", "SITUATION_SELECTION"]
    assert await me.missing() == missing
    name = "OnboardingService/CompleteOnboarding"
    refused = await door.call(name, RPCS[name].request(), me.learner.token)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "ONBOARDING_INCOMPLETE")
    assert refused.metadata == {"missing": ",".join(missing)}
    assert [subject for _, subject in refused.preconditions] == missing
    assert await me.steps() == ("COMMUNICATION_PARTNERS", "NATIVE_LANGUAGE")


async def test_a_reset_forgets_the_answers_and_keeps_the_roles_of_ones_own(me: Onboarder) -> None:
    await me.answer_all()
    role = (await me.do("CreateCustomRole", LAMP_LIGHTER)).role
    await me.do("CompleteOnboarding")
    empty = (await me.do("ResetOnboarding")).onboarding
    assert (_name(empty.step), _name(empty.next_step)) == ("NOT_STARTED", "NATIVE_LANGUAGE")
    assert [field.name for field, _ in empty.ListFields()] == ["step", "next_step"]
    await me.do(*INDUSTRY)
    assert (await me.do("SelectRole", {"role_id": role.id})).onboarding.role == role


async def test_reading_changes_nothing(me: Onboarder, product) -> None:
    await me.do(*LANGUAGE)
    before = await product.rows()
    for name in ("GetOnboarding", "GetSummary", "GetOnboarding"):
        await me.do(name)
    assert await product.rows() == before


async def test_scenarios_of_the_role_come_first_and_none_is_missing(me: Onboarder) -> None:
    name = "ScenarioService/ListScenarios"
    everything = RPCS[name].request(page_size=100)
    before = (await me.http.call(name, everything, me.learner.token)).message.scenarios
    await me.do(*INDUSTRY)
    await me.do("SelectRole", {"role_id": "concierge"})
    after = (await me.http.call(name, everything, me.learner.token)).message.scenarios
    nearness = [
        0 if one.role_id == "concierge" else 1 if one.industry_id == "hotels_hospitality" else 2 for one in after
    ]
    assert nearness == sorted(nearness)
    assert nearness[0] == 0
    assert sorted(one.id for one in after) == sorted(one.id for one in before)
