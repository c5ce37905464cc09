"""Each use case: what it refuses, what it stores, and what it tells the world."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.identity.errors import UserNotFound
from domain.onboarding.errors import IndustryNotChosen, OnboardingIncomplete
from domain.onboarding.steps import Step
from domain.shared.errors import InvalidRequest


async def test_a_new_learner_has_answered_nothing(app):
    view = await app.get(app.user_id)
    assert (view.onboarding.step, view.onboarding.next_step) == (Step.NOT_STARTED, Step.NATIVE_LANGUAGE)
    assert (view.native_language, view.industry, view.role, view.partners) == (None, None, None, ())


async def test_reading_changes_nothing(app):
    await app.get(app.user_id)
    await app.summary(app.user_id)
    assert app.store.onboardings == {}
    assert app.store.events == []


async def test_the_view_holds_everything_by_name(app):
    await app.answer_everything()
    view = await app.get(app.user_id)
    assert view.native_language.display_name == "English"
    assert view.industry.display_name == "Hotels & Hospitality"
    assert view.role.title == "Concierge"
    assert [(one.partner.display_name, one.custom, one.priority) for one in view.partners] == [("Clients", False, 1)]
    assert [one.situation.display_name for one in view.partners[0].situations] == ["Meetings"]


@pytest.mark.parametrize(
    ("language_id", "reason"), [("", "REQUIRED"), ("klingon", "UNKNOWN_VALUE"), ("spanish", "NOT_AVAILABLE")]
)
async def test_a_language_that_cannot_be_chosen_is_refused_and_those_that_can_are_named(app, language_id, reason):
    with pytest.raises(InvalidRequest) as caught:
        await app.language(app.user_id, language_id)
    (violation,) = caught.value.violations
    assert (violation.field, violation.reason) == ("language_id", reason)
    assert language_id == "" or "english, chinese_traditional, chinese_simplified" in violation.message
    assert app.store.onboardings == {}


@pytest.mark.parametrize(("industry_id", "reason"), [("", "REQUIRED"), ("mining", "UNKNOWN_VALUE")])
async def test_an_unknown_industry_is_refused(app, violations, industry_id, reason):
    with pytest.raises(InvalidRequest) as caught:
        await app.industry(app.user_id, industry_id)
    assert violations(caught) == {"industry_id": reason}


async def test_the_first_answer_starts_the_session(app):
    await app.language(app.user_id, "english")
    await app.industry(app.user_id, "real_estate")
    assert app.event_types == [
        "session_started",
        "language_selected",
        "step_completed",
        "industry_selected",
        "step_completed",
    ]


async def test_the_same_answer_again_is_no_news(app):
    await app.language(app.user_id, "english")
    stored, events = app.onboarding, len(app.store.events)
    view = await app.language(app.user_id, "english")
    assert view.onboarding == app.onboarding == stored
    assert len(app.store.events) == events


async def test_another_answer_to_a_step_does_not_complete_it_again(app):
    await app.language(app.user_id, "english")
    await app.language(app.user_id, "chinese_simplified")
    assert app.event_types.count("step_completed") == 1
    assert app.event_types.count("language_selected") == 2


@pytest.mark.parametrize(
    "ask",
    [
        lambda app: app.match(app.user_id, "Concierge", "I help the guests of a hotel."),
        lambda app: app.select_role(app.user_id, "concierge"),
        lambda app: app.create_role(app.user_id, "Night Manager", "Runs the hotel at night.", "manager"),
    ],
    ids=["match", "select", "create"],
)
async def test_a_role_needs_an_industry(app, ask):
    with pytest.raises(IndustryNotChosen):
        await ask(app)
    assert app.store.onboardings == {}


async def test_a_search_finds_roles_of_the_industry_alone_and_keeps_the_words(app):
    await app.industry(app.user_id, "hotels_hospitality")
    matches = await app.match(app.user_id, " Concierge ", "I help the guests\nof a big hotel.")
    assert matches[0].role.id == "concierge"
    assert {match.role.industry_id for match in matches} == {"hotels_hospitality"}
    assert (app.onboarding.job_title, app.onboarding.job_description) == (
        "Concierge",
        "I help the guests\nof a big hotel.",
    )
    assert app.onboarding.step is Step.ROLE_INPUT


async def test_the_event_of_a_search_holds_numbers_and_no_text(app):
    await app.industry(app.user_id, "hotels_hospitality")
    await app.match(app.user_id, "Concierge", "Secret words of mine.")
    performed = next(event for event in app.store.events if event.type == "onboarding.role_match_performed")
    assert performed.best_score == 100
    assert performed.matches >= 1
    assert all("Secret" not in str(event.to_dict()) for event in app.store.events)


async def test_a_search_without_a_result_is_performed_and_counts_as_role_input(app):
    await app.industry(app.user_id, "hotels_hospitality")
    assert await app.match(app.user_id, "qqqqq", "zzzzzzzzzz xxxxxxxxxx") == ()
    assert app.onboarding.next_step is Step.NATIVE_LANGUAGE
    performed = next(event for event in app.store.events if event.type == "onboarding.role_match_performed")
    assert (performed.matches, performed.best_score) == (0, 0)


async def test_every_search_is_an_event_though_the_words_are_the_same(app):
    await app.industry(app.user_id, "hotels_hospitality")
    for _ in range(2):
        await app.match(app.user_id, "Concierge", "I help the guests.")
    assert app.event_types.count("role_match_performed") == 2


@pytest.mark.parametrize(
    ("title", "description", "expected"),
    [
        ("", "", {"job_title": "REQUIRED", "job_description": "REQUIRED"}),
        ("x", "too short", {"job_title": "TOO_SHORT", "job_description": "TOO_SHORT"}),
        ("x" * 201, "x" * 2001, {"job_title": "TOO_LONG", "job_description": "TOO_LONG"}),
        ("a\x00b", "long enough\x00", {"job_title": "INVALID_CHARACTER", "job_description": "INVALID_CHARACTER"}),
    ],
)
async def test_a_description_of_a_job_has_its_limits(app, violations, title, description, expected):
    with pytest.raises(InvalidRequest) as caught:
        await app.match(app.user_id, title, description)
    assert violations(caught) == expected


async def test_a_chosen_role_says_what_the_job_is(app):
    await app.language(app.user_id, "english")
    await app.industry(app.user_id, "hotels_hospitality")
    view = await app.select_role(app.user_id, "concierge")
    assert view.onboarding.next_step is Step.COMMUNICATION_PARTNERS
    completed = [event.step for event in app.store.events if event.type == "onboarding.step_completed"]
    assert completed[-2:] == [Step.ROLE_INPUT, Step.ROLE_SELECTION]


@pytest.mark.parametrize(
    ("role_id", "reason"), [("", "REQUIRED"), ("astronaut", "UNKNOWN_VALUE"), ("accountant", "UNKNOWN_VALUE")]
)
async def test_a_role_of_no_or_another_industry_is_refused(app, violations, role_id, reason):
    await app.industry(app.user_id, "hotels_hospitality")
    with pytest.raises(InvalidRequest) as caught:
        await app.select_role(app.user_id, role_id)
    assert violations(caught) == {"role_id": reason}


async def test_a_custom_role_is_made_chosen_and_found_by_the_next_search(app):
    await app.industry(app.user_id, "hotels_hospitality")
    role = await app.create_role(app.user_id, "Kite Teacher", "Teaches guests to fly kites.", "supervisor")
    assert (role.custom, role.owner_id, role.industry_id, role.level.value, role.version) == (
        True,
        app.user_id,
        "hotels_hospitality",
        "supervisor",
        1,
    )
    assert (await app.get(app.user_id)).role == role
    matches = await app.match(app.user_id, "kite teacher", "I teach kite flying.")
    assert matches[0].role == role


async def test_a_custom_role_tells_no_title(app):
    await app.industry(app.user_id, "hotels_hospitality")
    await app.create_role(app.user_id, "Kite Teacher", "Teaches guests to fly kites.", "supervisor")
    assert app.event_types[-4:] == ["custom_role_created", "role_selected", "step_completed", "step_completed"]
    assert all("Kite" not in str(event.to_dict()) for event in app.store.events)


async def test_a_custom_role_is_seen_by_nobody_else(app):
    await app.industry(app.user_id, "hotels_hospitality")
    role = await app.create_role(app.user_id, "Kite Teacher", "Teaches guests to fly kites.", "supervisor")
    somebody = app.store.new_account()
    await app.industry(somebody, "hotels_hospitality")
    with pytest.raises(InvalidRequest):
        await app.select_role(somebody, role.id)


@pytest.mark.parametrize(
    ("title", "description", "level", "expected"),
    [
        ("", "", "", {"title": "REQUIRED", "description": "REQUIRED", "level": "REQUIRED"}),
        ("ab", "short", "king", {"title": "TOO_SHORT", "description": "TOO_SHORT", "level": "UNKNOWN_VALUE"}),
        ("x" * 101, "x" * 2001, "director", {"title": "TOO_LONG", "description": "TOO_LONG"}),
    ],
)
async def test_a_custom_role_has_its_limits(app, violations, *, title, description, level, expected):
    with pytest.raises(InvalidRequest) as caught:
        await app.create_role(app.user_id, title, description, level)
    assert violations(caught) == expected
    assert app.store.own_roles == []


async def test_completing_too_early_names_all_that_is_missing(app):
    await app.industry(app.user_id, "hotels_hospitality")
    with pytest.raises(OnboardingIncomplete) as caught:
        await app.complete(app.user_id)
    assert caught.value.metadata == {
        "missing": "NATIVE_LANGUAGE,ROLE_INPUT,ROLE_SELECTION,COMMUNICATION_PARTNERS,SITUATION_SELECTION"
    }
    assert (await app.summary(app.user_id)).missing == caught.value.missing


async def test_completing_confirms_once(app):
    await app.answer_everything()
    assert (await app.summary(app.user_id)).missing == ()
    first = await app.complete(app.user_id)
    assert (first.onboarding.step, first.onboarding.completed_at) == (Step.COMPLETED, app.now)
    app.now += timedelta(days=1)
    assert await app.complete(app.user_id) == first
    assert app.event_types.count("session_completed") == 1


async def test_a_reset_forgets_all_but_the_own_roles_and_the_next_answer_starts_anew(app):
    await app.answer_everything()
    role = await app.create_role(app.user_id, "Kite Teacher", "Teaches guests to fly kites.", "supervisor")
    view = await app.reset(app.user_id)
    assert (view.onboarding.step, view.role, view.partners) == (Step.NOT_STARTED, None, ())
    await app.industry(app.user_id, "hotels_hospitality")
    await app.select_role(app.user_id, role.id)
    assert app.event_types.count("reset") == 1
    assert app.event_types.count("session_started") == 2


async def test_an_account_that_is_gone_is_not_found(app):
    with pytest.raises(UserNotFound):
        await app.language(uuid4(), "english")
