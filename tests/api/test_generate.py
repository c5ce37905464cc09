"""Scenarios that are made for a learner, and those that are recommended, through both doors."""

from typing import Any
from uuid import uuid4

import pytest
from api.contract import RPCS
from api.job_runner import queue, recommend, run_job
from api.learner import Learner
from sqlalchemy import text

GENERATE, RECOMMENDED = "ScenarioService/GenerateScenarios", "ScenarioService/ListRecommendations"
LIST, GET = "ScenarioService/ListScenarios", "ScenarioService/GetScenario"
HERE = {"role_id": "concierge", "partner_id": "customers", "situation_id": "phone_calls"}


async def generated(product: Any, door: Any, learner: Learner, **fields: Any) -> Any:
    """Have scenarios made, and return the job once it has ended."""
    answer = await door.call(GENERATE, RPCS[GENERATE].request(**fields), learner.token)
    await run_job(product, answer.message.job.id)
    return (await learner.call("JobService/GetJob", job_id=answer.message.job.id)).message.job


async def listed(learner: Learner, name: str = LIST) -> list[Any]:
    return list((await learner.call(name, page_size=100)).message.scenarios)


async def erase(product: Any, learner: Learner) -> None:
    async with product.application.connections.transaction() as connection:
        await connection.execute(text("DELETE FROM account WHERE id = :id"), {"id": learner.user_id})
        await connection.commit()


async def test_they_are_made_by_a_job_and_come_first(product, door, learner) -> None:
    answer = await door.call(GENERATE, RPCS[GENERATE].request(**HERE, level="A2", count=4), learner.token)
    if door.name == "http":
        assert answer.http_status == 202
    job = answer.message.job
    assert (job.name, job.state, job.attempts) == ("practice.generate_scenarios", 1, 0)

    await run_job(product, job.id)
    job = (await learner.call("JobService/GetJob", job_id=job.id)).message.job
    assert (job.state, job.attempts, job.progress.done, job.progress.total) == (3, 1, 4, 4)
    assert job.finished_at.seconds
    first = (await listed(learner))[:4]
    assert [one.id for one in first] == list(job.result.scenario_ids)
    for one in first:
        assert (one.role_id, one.partner_id, one.situation_id, one.level) == (*HERE.values(), "A2")
        assert (await learner.call(GET, scenario_id=one.id)).message.scenario == one
    assert len({one.title for one in first}) == 4


async def test_the_newest_come_first(product, door, learner) -> None:
    earlier = await generated(product, door, learner, **HERE, count=1)
    later = await generated(product, door, learner, **HERE, count=2)
    ids = [*later.result.scenario_ids, *earlier.result.scenario_ids]
    assert [one.id for one in await listed(learner)][:3] == ids


async def test_nobody_else_sees_them(product, door, learner, other) -> None:
    job = await generated(product, door, learner, **HERE, count=1)
    made = job.result.scenario_ids[0]
    assert (await door.call(GET, RPCS[GET].request(scenario_id=made), other.token)).reason == "SCENARIO_NOT_FOUND"
    assert made not in {one.id for one in await listed(other)}


async def test_they_can_be_played(product, door, learner) -> None:
    job = await generated(product, door, learner, **HERE, count=1)
    started = await learner.call("ConversationService/StartConversation", scenario_id=job.result.scenario_ids[0])
    assert (await learner.turns(started.message.conversation.id))[0].text
    assert (await learner.say(started.message.conversation.id))[-1].WhichOneof("event") == "completed"


async def test_what_is_absent_is_the_learners_own(product, door, learner) -> None:
    await learner.answer()
    job = await generated(product, door, learner)
    assert len(job.result.scenario_ids) == 3
    made = (await listed(learner))[0]
    assert (made.role_id, made.partner_id, made.situation_id) == ("front_desk_reception", "customers", "phone_calls")
    assert made.level == "B1"


async def test_partners_and_situations_of_ones_own_have_scenarios_too(product, door, learner) -> None:
    await learner.answer()
    await learner.call("OnboardingService/SetCommunicationPartners", custom_partners=["Bell {name} boys"])
    view = (await learner.call("OnboardingService/GetOnboarding")).message.onboarding
    partner = view.partners[0].partner.id
    await learner.call(
        "OnboardingService/SetSituations", partner_id=partner, custom_situations=["Lost luggage"], situation_ids=[]
    )
    job = await generated(product, door, learner, count=1)
    made = (await learner.call(GET, scenario_id=job.result.scenario_ids[0])).message.scenario
    assert made.partner_id == partner
    assert "Bell {name} boys" in made.persona
    assert "Lost luggage" in made.title


async def test_what_is_missing_is_named(product, door, learner, nothing_written) -> None:
    refused = await door.call(GENERATE, RPCS[GENERATE].request(), learner.token)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "ONBOARDING_INCOMPLETE")
    missing = ["ROLE_SELECTION", "COMMUNICATION_PARTNERS", "SITUATION_SELECTION"]
    assert refused.preconditions == [("ONBOARDING_STEP", step) for step in missing]
    partly = await door.call(
        GENERATE, RPCS[GENERATE].request(role_id="concierge", partner_id="customers"), learner.token
    )
    assert partly.metadata == {"missing": "SITUATION_SELECTION"}


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"count": 0}, "count", "OUT_OF_RANGE"),
        ({"count": -1}, "count", "OUT_OF_RANGE"),
        ({"count": 11}, "count", "OUT_OF_RANGE"),
        ({"level": "C2"}, "level", "UNKNOWN_VALUE"),
        ({"level": ""}, "level", "UNKNOWN_VALUE"),
        ({"role_id": "astronaut"}, "role_id", "UNKNOWN_VALUE"),
        ({"role_id": ""}, "role_id", "UNKNOWN_VALUE"),
        ({"partner_id": "\0"}, "partner_id", "UNKNOWN_VALUE"),
        ({"situation_id": str(uuid4())}, "situation_id", "UNKNOWN_VALUE"),
    ],
)
@pytest.mark.usefixtures("nothing_written")
async def test_what_is_wrong_is_named(door, owner, fields, field, reason) -> None:
    refused = await door.call(GENERATE, RPCS[GENERATE].request(**HERE | fields), owner.token)
    assert (refused.code, refused.violations) == ("INVALID_ARGUMENT", [(field, reason)])


async def test_everything_wrong_is_named_at_once(door, learner, nothing_written) -> None:
    wrong = {"role_id": "x", "partner_id": "x", "situation_id": "x", "level": "x", "count": 99}
    refused = await door.call(GENERATE, RPCS[GENERATE].request(**wrong), learner.token)
    assert {field for field, _ in refused.violations} == set(wrong)


async def test_anothers_own_role_is_no_role(door, learner, other) -> None:
    await other.call("OnboardingService/SetIndustry", industry_id="hotels_hospitality")
    role = await other.call(
        "OnboardingService/CreateCustomRole",
        title="Night porter",
        description="I keep the house at night.",
        level="ROLE_LEVEL_MANAGER",
    )
    request = RPCS[GENERATE].request(**HERE | {"role_id": role.message.role.id})
    assert (await door.call(GENERATE, request, learner.token)).violations == [("role_id", "UNKNOWN_VALUE")]
    own = await other.call(GENERATE, **HERE | {"role_id": role.message.role.id})
    assert own.code == "OK"


async def test_a_job_that_ran_has_its_events(product, door, learner) -> None:
    job = await generated(product, door, learner, **HERE, count=1)
    async with product.application.connections.reading() as connection:
        rows = await connection.execute(
            text("SELECT type, data FROM event_store WHERE stream_id = :stream ORDER BY version"),
            {"stream": f"scenario-{job.id}"},
        )
        events = dict(tuple(row) for row in rows)
    assert list(events) == [f"scenario.generation_{what}" for what in ("requested", "started", "completed")]
    assert events["scenario.generation_completed"]["scenario_ids"] == list(job.result.scenario_ids)


async def test_answers_that_were_taken_back_meanwhile_fail_the_job(product, door, learner) -> None:
    await learner.answer()
    job = (await learner.call(GENERATE)).message.job
    await learner.call("OnboardingService/ResetOnboarding")
    await run_job(product, job.id)
    job = (await learner.call("JobService/GetJob", job_id=job.id)).message.job
    assert (job.state, job.failure.reason) == (4, "ONBOARDING_INCOMPLETE")
    assert not [one for one in await listed(learner) if one.id in job.result.scenario_ids]


@pytest.mark.parametrize("name", ["practice.generate_scenarios", "practice.recommend_scenarios"])
async def test_a_learner_who_was_erased_meanwhile_ends_the_job(product, learner, name) -> None:
    await learner.answer()
    job = await queue(product, name, learner)
    await erase(product, learner)
    await run_job(product, job.id)
    async with product.application.reads() as reads:
        ended = await reads.jobs.get(job.id, None)
    assert (ended.state, ended.failure_reason) == ("failed", "USER_NOT_FOUND")


async def test_nothing_is_recommended_before_it_was_worked_out(door, learner) -> None:
    answer = await door.call(RECOMMENDED, RPCS[RECOMMENDED].request(), learner.token)
    assert (answer.code, list(answer.message.scenarios)) == ("OK", [])


async def test_what_is_nearest_to_the_learners_work_is_recommended_first(product, door, learner) -> None:
    await learner.answer()
    made = await generated(product, door, learner, count=1)
    await recommend(product, learner)
    answer = await door.call(RECOMMENDED, RPCS[RECOMMENDED].request(), learner.token)
    found = list(answer.message.scenarios)
    assert found[0].id == made.result.scenario_ids[0]
    assert (found[1].id, found[1].role_id) == ("early_check_in", "front_desk_reception")
    assert len(found) <= 20
    ranks = [one.industry_id == "hotels_hospitality" for one in found]
    assert ranks == sorted(ranks, reverse=True)
    await recommend(product, learner)
    assert list((await door.call(RECOMMENDED, RPCS[RECOMMENDED].request(), learner.token)).message.scenarios) == found
