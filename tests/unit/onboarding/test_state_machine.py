"""The one state machine: which step is reached, and which is next."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given, strategies as st

from domain.onboarding.errors import OnboardingIncomplete, PartnerNotChosen
from domain.onboarding.model import Onboarding
from domain.onboarding.steps import Step

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EMPTY = Onboarding(uuid4())

Answer = Callable[[Onboarding], Onboarding]


def complete(onboarding: Onboarding) -> Onboarding:
    try:
        return onboarding.completed(NOW)
    except OnboardingIncomplete:
        return onboarding


def situations(partner_id: str, *situation_ids: str) -> Answer:
    def answer(onboarding: Onboarding) -> Onboarding:
        try:
            return onboarding.with_situations(partner_id, dict.fromkeys(situation_ids))
        except PartnerNotChosen:
            return onboarding

    return answer


def partners(*partner_ids: str) -> Answer:
    return lambda onboarding: onboarding.with_partners(dict.fromkeys(partner_ids))


LANGUAGE: Answer = lambda onboarding: onboarding.with_native_language("english")  # noqa: E731 - one of a row of answers
HOTELS: Answer = lambda onboarding: onboarding.with_industry("hotels_hospitality")  # noqa: E731 - the same
BANKING: Answer = lambda onboarding: onboarding.with_industry("banking_finance")  # noqa: E731 - the same
JOB: Answer = lambda onboarding: onboarding.with_job("Concierge", "I help the guests.")  # noqa: E731 - the same
ROLE: Answer = lambda onboarding: onboarding.with_role("concierge")  # noqa: E731 - the same

ALL = (LANGUAGE, HOTELS, ROLE, partners("clients"), situations("clients", "meetings"))


def after(*answers: Answer) -> Onboarding:
    onboarding = EMPTY
    for answer in answers:
        onboarding = answer(onboarding)
    return onboarding


@pytest.mark.parametrize(
    ("answers", "step", "next_step"),
    [
        ((), "not_started", "native_language"),
        ((LANGUAGE,), "native_language", "industry_selection"),
        ((LANGUAGE, HOTELS), "industry_selection", "role_input"),
        ((LANGUAGE, HOTELS, JOB), "role_input", "role_selection"),
        ((LANGUAGE, HOTELS, JOB, ROLE), "role_selection", "communication_partners"),
        (ALL[:3], "role_selection", "communication_partners"),
        (ALL[:4], "communication_partners", "situation_selection"),
        (ALL, "summary", "completed"),
        ((*ALL, complete), "completed", "completed"),
    ],
)
def test_each_answer_in_turn_reaches_its_step(answers: tuple[Answer, ...], step: str, next_step: str) -> None:
    onboarding = after(*answers)
    assert (onboarding.step, onboarding.next_step) == (step, next_step)


@pytest.mark.parametrize(
    ("answers", "step", "next_step"),
    [
        pytest.param((HOTELS,), "industry_selection", "native_language", id="an answer out of turn"),
        pytest.param((partners("clients"),), "communication_partners", "native_language", id="partners first"),
        pytest.param(
            (*ALL[:3], partners("clients", "suppliers"), situations("clients", "meetings")),
            "situation_selection",
            "situation_selection",
            id="one of two partners has situations",
        ),
        pytest.param(
            (*ALL[1:], LANGUAGE), "summary", "completed", id="the last answer reaches the summary, whichever it is"
        ),
        pytest.param(ALL[1:], "situation_selection", "native_language", id="situations without the rest"),
        pytest.param((*ALL, BANKING), "summary", "role_selection", id="another industry clears the role"),
        pytest.param((*ALL, HOTELS), "summary", "completed", id="the same industry does not"),
        pytest.param((*ALL, complete, BANKING), "completed", "role_selection", id="completed stays completed"),
        pytest.param((*ALL, complete, partners("suppliers")), "completed", "situation_selection", id="other partners"),
        pytest.param((HOTELS, ROLE, BANKING, LANGUAGE), "role_selection", "role_selection", id="role input stays"),
        pytest.param((partners("clients"), LANGUAGE, HOTELS), "communication_partners", "role_input", id="job untold"),
    ],
)
def test_a_step_never_falls_and_the_first_gap_is_next(answers: tuple[Answer, ...], step: str, next_step: str) -> None:
    onboarding = after(*answers)
    assert (onboarding.step, onboarding.next_step) == (step, next_step)


ANSWERS = st.sampled_from(
    [
        LANGUAGE,
        HOTELS,
        BANKING,
        JOB,
        ROLE,
        partners("clients"),
        partners("suppliers", "clients"),
        situations("clients", "meetings"),
        situations("suppliers", "meetings", "briefings"),
        complete,
    ]
)


@given(st.lists(ANSWERS, max_size=20))
def test_whatever_is_answered_the_step_never_falls_and_next_is_the_first_missing(answers: list[Answer]) -> None:
    onboarding = EMPTY
    for answer in answers:
        before, onboarding = onboarding, answer(onboarding)
        assert onboarding.step.order() >= before.step.order()
        assert onboarding.next_step == (onboarding.missing[0] if onboarding.missing else Step.COMPLETED)
        assert onboarding.next_step is not Step.SUMMARY
        assert (onboarding.step is Step.COMPLETED) == (onboarding.completed_at is not None)
        if not onboarding.missing:
            assert onboarding.step in {Step.SUMMARY, Step.COMPLETED}


@given(st.lists(ANSWERS, max_size=20))
def test_everything_answered_completes_and_anything_missing_is_named(answers: list[Answer]) -> None:
    onboarding = after(*answers)
    if not onboarding.missing:
        assert onboarding.completed(NOW).step is Step.COMPLETED
        return
    with pytest.raises(OnboardingIncomplete) as caught:
        onboarding.completed(NOW)
    assert caught.value.missing == onboarding.missing
    assert caught.value.metadata["missing"].split(",") == [step.name for step in onboarding.missing]


@given(st.lists(ANSWERS, max_size=20))
def test_a_reset_leaves_nothing_but_the_version(answers: list[Answer]) -> None:
    assert after(*answers).reset() == EMPTY


def test_completing_again_keeps_the_first_moment() -> None:
    completed = after(*ALL, complete)
    assert completed.completed(datetime(2027, 1, 1, tzinfo=UTC)) == completed


def test_changing_the_industry_clears_the_role_and_nothing_else() -> None:
    before = after(LANGUAGE, HOTELS, JOB, *ALL[2:])
    changed = before.with_industry("banking_finance")
    assert changed.role_id is None
    assert (changed.job_title, changed.job_description) == (before.job_title, before.job_description)
    assert (changed.native_language_id, changed.selections) == (before.native_language_id, before.selections)
