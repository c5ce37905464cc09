"""What v1 is asked for its corpus: every method, and every shape that an answer can have. The order counts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from api.v1 import steps
from api.v1.first_client import PASSWORD, Step

BOTH_UNITS = {"unit_ids": ["meetings"], "unit_selections": [{"unit_id": "interviews"}]}
MANY_FAULTS = {"user_name": "A", "user_email": "nobody", "password": "short", "date_of_birth": "2020-01-01"}


def _sign_up(status: int = 201, **body: Any) -> Step:
    return replace(steps.SIGN_UP, body=body, status=status)


def _patch(status: int = 200, mask: str = "", body: Any = None, **fields: Any) -> Step:
    path = f"/user/profile?update_mask={mask}" if mask else "/user/profile"
    return replace(steps.UPDATE_PROFILE, path=path, body=body or fields, status=status)


def _units(status: int = 200, partner: str = "senior_management", **body: Any) -> Step:
    return replace(steps.SELECT_UNITS, path=f"/onboarding/partner/{partner}/select-units", body=body, status=status)


CASES: Mapping[str, Step] = {
    # nobody yet
    "sign_up": steps.SIGN_UP,
    "sign_up_again": replace(steps.SIGN_UP, status=409),
    "sign_up_by_new_names": _sign_up(full_name="陳大文 🙂", email="new.names@example.com", password=PASSWORD),
    "sign_up_with_null": _sign_up(
        user_name="Ann Lee", user_email="null@example.com", password=PASSWORD, date_of_birth=None
    ),
    "sign_up_with_an_unknown_field": _sign_up(
        user_name="Ann Lee", user_email="unknown@example.com", password=PASSWORD, newsletter={"weekly": True}
    ),
    "sign_up_with_both_names": _sign_up(
        400, user_name="Ann Lee", full_name="Ann Lee", user_email="both@example.com", password=PASSWORD
    ),
    "sign_up_with_both_addresses": _sign_up(
        400, user_name="Ann Lee", user_email="both@example.com", email="both@example.com", password=PASSWORD
    ),
    "sign_up_with_nothing": _sign_up(400),
    "sign_up_with_many_faults": replace(steps.SIGN_UP, body=MANY_FAULTS, status=400),
    "sign_up_with_a_wrong_type": _sign_up(400, user_name=["Ann Lee"]),
    "sign_up_with_bad_json": replace(steps.SIGN_UP, body='{"user_name":', status=400),
    "log_in": steps.LOG_IN,
    "log_in_by_new_names": replace(steps.LOG_IN, body={"email": "$email", "password": PASSWORD}),
    "log_in_with_a_wrong_password": replace(
        steps.LOG_IN, body={"user_email": "$email", "password": "something else"}, status=401
    ),
    "log_in_with_nothing": replace(steps.LOG_IN, body={}, status=400),
    "refresh": steps.REFRESH,
    "refresh_with_an_unknown_token": replace(steps.REFRESH, body={"refresh_token": "unknown"}, status=401),
    "refresh_with_nothing": replace(steps.REFRESH, body={}, status=400),
    # no answer yet
    "get_profile_pending": steps.GET_PROFILE,
    "get_profile_of_nobody": replace(steps.GET_PROFILE, signed_in=False, status=401),
    "get_summary_pending": steps.GET_SUMMARY,
    "get_user_partners_empty": steps.GET_USER_PARTNERS,
    "match_job_without_an_industry": replace(steps.MATCH_JOB, status=400),
    "select_role_without_an_industry": replace(steps.SELECT_ROLE, status=400),
    "create_role_without_an_industry": replace(steps.CREATE_ROLE, status=400),
    "get_user_units_of_a_partner_not_chosen": replace(steps.GET_USER_UNITS, status=404),
    # the answers
    "get_languages": steps.GET_LANGUAGES,
    "set_language": steps.SET_LANGUAGE,
    "set_language_unknown": replace(steps.SET_LANGUAGE, body={"native_language": "klingon"}, status=400),
    "set_language_with_nothing": replace(steps.SET_LANGUAGE, body={}, status=400),
    "set_language_with_a_list": replace(steps.SET_LANGUAGE, body="[]", status=400),
    "set_language_with_null": replace(steps.SET_LANGUAGE, body="null", status=400),
    "set_language_with_no_body": replace(steps.SET_LANGUAGE, body="", status=400),
    "set_language_twice_in_a_body": replace(
        steps.SET_LANGUAGE, body='{"native_language":"english","native_language":"english"}', status=400
    ),
    "get_profile_welcome": steps.GET_PROFILE,
    "get_industries": steps.GET_INDUSTRIES,
    "set_industry": steps.SET_INDUSTRY,
    "set_industry_by_name": replace(steps.SET_INDUSTRY, body={"industry_name": "hotels & hospitality"}),
    "set_industry_unknown": replace(steps.SET_INDUSTRY, body={"industry_id": "mining"}, status=400),
    "set_industry_by_unknown_name": replace(steps.SET_INDUSTRY, body={"industry_name": "Mining"}, status=400),
    "set_industry_with_both": replace(
        steps.SET_INDUSTRY, body={"industry_id": "real_estate", "industry_name": "Real Estate"}, status=400
    ),
    "set_industry_with_nothing": replace(steps.SET_INDUSTRY, body={}, status=400),
    "get_profile_basic_info": steps.GET_PROFILE,
    "match_job": steps.MATCH_JOB,
    "match_job_with_no_match": replace(
        steps.MATCH_JOB, body={"job_title": "Xylophonist", "job_description": "Zzz qqq xxx jjj vvv www kkk"}
    ),
    "match_job_with_nothing": replace(steps.MATCH_JOB, body={}, status=400),
    "create_role": steps.CREATE_ROLE,
    "create_role_with_many_faults": replace(
        steps.CREATE_ROLE,
        body={"job_title": "N", "job_description": "short", "hierarchy_level": "emperor"},
        status=400,
    ),
    "select_role": steps.SELECT_ROLE,
    "select_role_unknown": replace(steps.SELECT_ROLE, body={"role_id": "no-such-role"}, status=400),
    "get_profile_personalisation": steps.GET_PROFILE,
    "get_communication_partners": steps.GET_PARTNERS,
    "select_partners_with_null": replace(
        steps.SELECT_PARTNERS, body=steps.SELECT_PARTNERS.body | {"other_partners": None}
    ),
    "select_partners": steps.SELECT_PARTNERS,
    "select_partners_with_nothing": replace(steps.SELECT_PARTNERS, body={}, status=400),
    "select_partners_with_many_faults": replace(
        steps.SELECT_PARTNERS,
        body={"partner_ids": ["customers", "customers", "aliens"], "other_partners": ["x"]},
        status=400,
    ),
    "get_user_partners": steps.GET_USER_PARTNERS,
    "get_partner_units": steps.GET_PARTNER_UNITS,
    "get_partner_units_of_no_partner": replace(
        steps.GET_PARTNER_UNITS, path="/onboarding/partner/aliens/units", status=404
    ),
    "get_user_units_empty": steps.GET_USER_UNITS,
    "select_units": steps.SELECT_UNITS,
    "select_units_by_selections": _units(unit_selections=[{"unit_id": "client-conversations"}]),
    "select_units_with_both": _units(400, **BOTH_UNITS),
    "select_units_with_many_faults": _units(
        400, unit_selections=[{"unit_id": "meetings"}, {"unit_id": "naps"}], other_units=["x"]
    ),
    "select_units_with_nothing": _units(400),
    "select_units_of_a_partner_not_chosen": _units(404, partner="clients", unit_ids=["meetings"]),
    "get_user_units": steps.GET_USER_UNITS,
    "get_profile_course_assignment": steps.GET_PROFILE,
    "get_summary": steps.GET_SUMMARY,
    # changing the profile
    "update_profile": steps.UPDATE_PROFILE,
    "update_profile_by_the_new_name": _patch(full_name="Aylin Demir-Şahin"),
    "update_profile_by_an_old_mask": _patch(mask="user_name", user_name="Aylin A.", date_of_birth="2000-01-01"),
    "update_profile_by_a_new_mask": _patch(mask="full_name", user_name="Aylin B."),
    "update_profile_by_a_wrong_mask": _patch(400, mask="nickname", user_name="Aylin C."),
    "update_profile_by_a_mask_of_the_address": _patch(400, mask="user_email", user_email="other@example.com"),
    "update_profile_with_both_names": _patch(400, user_name="Aylin", full_name="Aylin"),
    "update_profile_with_null": _patch(date_of_birth=None),
    "update_profile_with_a_name_of_null": _patch(400, user_name=None),
    "update_profile_with_many_faults": _patch(400, user_name="A", date_of_birth="yesterday"),
    "update_profile_with_unknown_choices": _patch(400, native_language="klingon", industry_id="mining"),
    "update_profile_with_choices": _patch(native_language="english", industry_id="real-estate"),
    "update_profile_sent_back_whole": _patch(
        body={"id": "1", "user_name": "Aylin E.", "user_email": "$email", "role": None, "onboarding_status": "pending"}
    ),
    # no method
    "unknown_path": Step("GET", "/no/such/path", status=404, signed_in=False),
    "wrong_method": Step("DELETE", "/user/profile", status=405),
    "log_out": steps.LOG_OUT,
    "log_out_again": steps.LOG_OUT,
    "log_out_with_nothing": replace(steps.LOG_OUT, body={}, status=400),
    "get_profile_after_log_out": replace(steps.GET_PROFILE, status=401),
}
