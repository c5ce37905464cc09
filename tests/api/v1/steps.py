"""What a learner asks of v1: every method once, in the order in which a client needs them."""

from api.v1.first_client import PASSWORD, Step

SIGN_UP = Step(
    "POST",
    "/auth/signup",
    {"user_name": "Aylin Demir", "user_email": "$email", "password": PASSWORD, "date_of_birth": "1990-12-31"},
    "AuthService/SignUp",
    201,
    signed_in=False,
)
LOG_IN = Step(
    "POST", "/auth/login", {"user_email": "$email", "password": PASSWORD}, "AuthService/LogIn", signed_in=False
)
REFRESH = Step("POST", "/auth/refresh", {"refresh_token": "$refresh"}, "AuthService/Refresh", signed_in=False)
LOG_OUT = Step("POST", "/auth/logout", {"refresh_token": "$refresh"}, "AuthService/LogOut", signed_in=False)
GET_PROFILE = Step("GET", "/user/profile", method="UserService/GetProfile")
UPDATE_PROFILE = Step("PATCH", "/user/profile", {"user_name": "Aylin D."}, "UserService/UpdateProfile")
GET_LANGUAGES = Step("GET", "/onboarding/languages", method="OnboardingService/GetLanguages", signed_in=False)
GET_INDUSTRIES = Step("GET", "/onboarding/industries", method="OnboardingService/GetIndustries", signed_in=False)
SET_LANGUAGE = Step(
    "POST", "/onboarding/set-language", {"native_language": "chinese-traditional"}, "OnboardingService/SetLanguage"
)
SET_INDUSTRY = Step(
    "POST", "/onboarding/set-industry", {"industry_id": "hotels-hospitality"}, "OnboardingService/SetIndustry"
)
MATCH_JOB = Step(
    "POST",
    "/roles/job-input",
    {"job_title": "Receptionist", "job_description": "I look after the front desk and check guests in"},
    "RoleService/MatchJob",
)
CREATE_ROLE = Step(
    "POST",
    "/roles/new-role",
    {
        "job_title": "Night porter",
        "job_description": "I keep the house at night.",
        "hierarchy_level": "associate",
    },
    "RoleService/CreateRole",
    201,
)
SELECT_ROLE = Step("POST", "/roles/role-selection", {"role_id": "front-desk-reception"}, "RoleService/SelectRole")
GET_PARTNERS = Step(
    "GET",
    "/onboarding/communication-partners",
    method="OnboardingService/GetCommunicationPartners",
    signed_in=False,
)
SELECT_PARTNERS = Step(
    "POST",
    "/onboarding/select-partners",
    {"partner_ids": ["senior-management", "customers"], "other_partners": ["Bell boys"]},
    "OnboardingService/SelectPartners",
)
GET_USER_PARTNERS = Step("GET", "/onboarding/user-partners", method="OnboardingService/GetUserPartners")
GET_PARTNER_UNITS = Step(
    "GET", "/onboarding/partner/senior-management/units", method="OnboardingService/GetPartnerUnits"
)
SELECT_UNITS = Step(
    "POST",
    "/onboarding/partner/senior-management/select-units",
    {"unit_ids": ["meetings", "training-sessions"], "other_units": ["Lost luggage"]},
    "OnboardingService/SelectUnits",
)
GET_USER_UNITS = Step(
    "GET", "/onboarding/partner/senior-management/user-units", method="OnboardingService/GetUserUnits"
)
GET_SUMMARY = Step("GET", "/onboarding/summary", method="OnboardingService/GetSummary")

JOURNEY = (
    SIGN_UP,
    LOG_IN,
    REFRESH,
    GET_LANGUAGES,
    GET_INDUSTRIES,
    SET_LANGUAGE,
    SET_INDUSTRY,
    MATCH_JOB,
    CREATE_ROLE,
    SELECT_ROLE,
    GET_PARTNERS,
    SELECT_PARTNERS,
    GET_USER_PARTNERS,
    GET_PARTNER_UNITS,
    SELECT_UNITS,
    GET_USER_UNITS,
    GET_PROFILE,
    UPDATE_PROFILE,
    GET_SUMMARY,
    LOG_OUT,
)
