"""The mapping of v1: its parts one by one."""

from uuid import UUID, uuid4

import pytest

from domain.catalog.model import CommunicationPartner, Industry
from domain.identity.profile import ProfileUpdate
from domain.onboarding.errors import PartnerNotChosen
from domain.onboarding.model import Onboarding
from domain.onboarding.steps import Step
from domain.onboarding.view import OnboardingView, PartnerView
from domain.shared.errors import InvalidRequest, Violation
from fluentpro.v1 import auth_service_pb2, onboarding_service_pb2, user_service_pb2
from server.mapping.v1 import accounts, catalog, onboarding, profiles
from server.mapping.v1.identifiers import identifier
from server.mapping.v1.violations import UNIT_SELECTIONS, old_names

LEARNER = UUID(int=1)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("senior-management", "senior_management"),
        ("senior_management", "senior_management"),
        ("one-on_ones", "one_on_ones"),
        ("", ""),
        ("0c9f4d43-55d1-4f6e-8f5a-0f2f1f6f3c11", "0c9f4d43-55d1-4f6e-8f5a-0f2f1f6f3c11"),
    ],
)
def test_an_identifier_is_read_in_both_spellings(text, meant) -> None:
    assert identifier(text) == meant


@pytest.mark.parametrize(
    ("step", "status"),
    [
        (Step.NOT_STARTED, "pending"),
        (Step.NATIVE_LANGUAGE, "welcome"),
        (Step.INDUSTRY_SELECTION, "basic_info"),
        (Step.ROLE_INPUT, "basic_info"),
        (Step.ROLE_SELECTION, "personalisation"),
        (Step.COMMUNICATION_PARTNERS, "course_assignment"),
        (Step.SITUATION_SELECTION, "course_assignment"),
        (Step.SUMMARY, "course_assignment"),
        (Step.COMPLETED, "completed"),
    ],
)
def test_every_step_has_its_status(step, status) -> None:
    assert profiles.onboarding_status(step) == status


def test_fields_at_fault_get_their_old_names_and_keep_their_indices() -> None:
    fields = ("situation_ids", "situation_ids[2]", "custom_situations[0]", "partner_id")
    with pytest.raises(InvalidRequest) as refused, old_names(UNIT_SELECTIONS):
        raise InvalidRequest(tuple(Violation(field, "TOO_SHORT", "Too short.") for field in fields))
    assert [violation.field for violation in refused.value.violations] == [
        "unit_selections",
        "unit_selections[2]",
        "other_units[0]",
        "partner_id",
    ]
    assert {(violation.reason, violation.message) for violation in refused.value.violations} == {
        ("TOO_SHORT", "Too short.")
    }


def test_who_signs_up_accepts_the_terms() -> None:
    command = accounts.sign_up(auth_service_pb2.SignUpRequest(full_name="Ann Lee", email="ann@example.com"), "phone")
    assert (command.accept_terms, command.full_name, command.email) == (True, "Ann Lee", "ann@example.com")
    assert (command.date_of_birth, command.device) == (None, "phone")


@pytest.mark.parametrize("address", [{"user_email": "ann@example.com"}, {"email": "ann@example.com"}])
def test_who_logs_in_needs_an_address_by_either_name(address) -> None:
    accounts.check_log_in(auth_service_pb2.LogInRequest(**address))
    assert accounts.log_in(auth_service_pb2.LogInRequest(**address), "").email == "ann@example.com"
    with pytest.raises(InvalidRequest) as refused:
        accounts.check_log_in(auth_service_pb2.LogInRequest(password="harbour view at dawn"))
    assert [(each.field, each.reason) for each in refused.value.violations] == [("user_email", "REQUIRED")]


@pytest.mark.parametrize("name", ["real estate", " Real Estate "])
def test_an_industry_is_found_by_its_name_in_any_letter_case(name) -> None:
    assert catalog.industry_id([Industry("real_estate", "Real Estate")], name) == "real_estate"


@pytest.mark.parametrize("name", ["", "Mining"])
def test_an_unknown_industry_is_refused_with_those_there_are(name) -> None:
    with pytest.raises(InvalidRequest) as refused:
        catalog.industry_id([Industry("real_estate", "Real Estate")], name)
    (violation,) = refused.value.violations
    assert (violation.field, violation.reason) == ("industry_name", "UNKNOWN_VALUE")
    assert "Real Estate" in violation.message


def test_a_change_without_a_mask_is_what_the_profile_sets() -> None:
    request = user_service_pb2.UpdateProfileRequest(
        profile={"full_name": "Ann Lee", "email": "ann@example.com", "native_language": "chinese-traditional"}
    )
    change = profiles.profile_change(request)
    assert change.account == ProfileUpdate(mask=("full_name",), full_name="Ann Lee")
    assert (change.language_id, change.industry_id) == ("chinese_traditional", None)


def test_a_mask_names_what_is_cleared() -> None:
    request = user_service_pb2.UpdateProfileRequest(update_mask={"paths": ["date_of_birth", "industry_id"]})
    change = profiles.profile_change(request)
    assert change.account == ProfileUpdate(mask=("date_of_birth",), date_of_birth=None)
    assert (change.language_id, change.industry_id) == (None, "")


@pytest.mark.parametrize("path", ["user_email", "email", "nickname", "profile.user_name", "*", ""])
def test_a_mask_names_nothing_else(path) -> None:
    request = user_service_pb2.UpdateProfileRequest(update_mask={"paths": ["user_name", path]})
    with pytest.raises(InvalidRequest) as refused:
        profiles.profile_change(request)
    assert [violation.field for violation in refused.value.violations] == ["update_mask"]


def test_units_come_in_one_of_two_forms_and_not_in_both() -> None:
    selections = [{"unit_id": "phone-calls"}]
    assert onboarding.unit_ids(onboarding_service_pb2.SelectUnitsRequest(unit_ids=["phone-calls"])) == ("phone_calls",)
    request = onboarding_service_pb2.SelectUnitsRequest(unit_selections=selections)
    assert onboarding.unit_ids(request) == ("phone_calls",)
    request.unit_ids.append("meetings")
    with pytest.raises(InvalidRequest) as refused:
        onboarding.unit_ids(request)
    assert [violation.field for violation in refused.value.violations] == ["unit_ids", "unit_selections"]


def test_a_partner_that_is_not_chosen_is_not_found() -> None:
    chosen = PartnerView(CommunicationPartner("clients", "Clients", ""), False, 1, ())
    view = OnboardingView(Onboarding(LEARNER), None, None, None, (chosen,))
    assert onboarding.chosen_partner(view, "clients") is chosen
    with pytest.raises(PartnerNotChosen):
        onboarding.chosen_partner(view, str(uuid4()))


def test_progress_counts_the_answers() -> None:
    progress = onboarding.progress(Onboarding(LEARNER).with_native_language("english").with_industry("real_estate"))
    assert [(step.name, step.completed) for step in progress.steps] == [
        ("native_language", True),
        ("industry_selection", True),
        ("role_input", False),
        ("role_selection", False),
        ("communication_partners", False),
        ("situation_selection", False),
    ]
    assert (progress.completion_percentage, progress.is_complete) == (33, False)
