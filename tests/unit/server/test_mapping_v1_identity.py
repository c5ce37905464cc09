"""What a consumer of v1 sends, the domain keeps and v1 gives back unchanged: v1 → domain → v1 is the identity."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from hypothesis import given, settings, strategies as st

from domain.catalog import model
from domain.catalog.matching import RoleMatch
from domain.identity.model import Tokens, User
from domain.onboarding.model import Onboarding
from domain.onboarding.steps import Step
from domain.onboarding.view import OnboardingView, PartnerView, SituationView
from fluentpro.v1 import auth_service_pb2, catalog_pb2, onboarding_pb2, role_service_pb2, user_pb2
from server.mapping.v1 import accounts, catalog, onboarding, profiles
from server.mapping.v1.identifiers import identifier

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SLUG = st.from_regex(r"[a-z]{1,8}(_[a-z]{1,8}){0,2}", fullmatch=True)
ID = st.one_of(SLUG, st.uuids().map(str))
UUIDS = st.uuids()
MOMENT = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)).map(lambda value: value.replace(tzinfo=UTC))  # noqa: DTZ001 - hypothesis wants bounds without a zone
DAY = st.one_of(st.none(), st.dates(date(1900, 1, 1)))
LEVEL = st.sampled_from([level.value for level in model.RoleLevel])
INDUSTRY = st.builds(catalog_pb2.Industry, id=SLUG, name=TEXT)
UNIT = st.builds(catalog_pb2.Unit, id=ID, name=TEXT)
STATUSES: Mapping[str, Step] = {profiles.onboarding_status(step): step for step in Step}


@st.composite
def users(draw: Any) -> user_pb2.User:
    born = draw(DAY)
    user = user_pb2.User(
        id=str(draw(UUIDS)),
        user_name=draw(TEXT),
        user_email=draw(TEXT),
        date_of_birth=born.isoformat() if born else None,
    )
    user.created.FromDatetime(draw(MOMENT))
    user.modified.FromDatetime(draw(MOMENT))
    return user


def to_user(value: Any, born: str = "") -> User:
    """Return the account that a v1 message tells of."""
    return User(
        id=UUID(value.id),
        email=value.user_email,
        email_key=value.user_email,
        full_name=value.user_name,
        date_of_birth=date.fromisoformat(born) if born else None,
        password_hash="",
        email_verified=False,
        terms_accepted_at=value.created.ToDatetime(UTC),
        created_at=value.created.ToDatetime(UTC),
        updated_at=value.modified.ToDatetime(UTC),
    )


def to_role(value: Any) -> tuple[model.Role, model.Industry]:
    """Return the role that a v1 message tells of, and its industry."""
    level = model.RoleLevel(value.hierarchy_level)
    industry = model.Industry(value.industry.id, value.industry.name)
    return model.Role(value.id, industry.id, value.title, value.description, (), level), industry


@given(users())
def test_accounts(message: user_pb2.User) -> None:
    assert accounts.user(to_user(message, message.date_of_birth)) == message


@given(
    users(),
    st.builds(dict, user=st.sampled_from(["user_name", "full_name"]), at=st.sampled_from(["user_email", "email"])),
)
def test_what_is_signed_up_with_is_what_comes_back(message: user_pb2.User, names: dict[str, str]) -> None:
    request = auth_service_pb2.SignUpRequest(**{names["user"]: message.user_name, names["at"]: message.user_email})
    if message.HasField("date_of_birth"):
        request.date_of_birth = message.date_of_birth
    command = accounts.sign_up(request, device="")
    kept = to_user(message, command.date_of_birth or "")
    answer = accounts.signed_up(kept, Tokens("access", "refresh", 600)).user
    assert (answer.user_name, answer.user_email) == (command.full_name, command.email)
    assert answer == message


@given(TEXT, TEXT, st.integers(0, 2**31 - 1))
def test_tokens(access: str, refresh: str, seconds: int) -> None:
    message = auth_service_pb2.RefreshResponse(
        access_token=access, refresh_token=refresh, token_type="Bearer", expires_in=seconds
    )
    tokens = Tokens(message.access_token, message.refresh_token, message.expires_in)
    assert accounts.refreshed(tokens) == message
    answer = accounts.logged_in(to_user(user_pb2.User(id=str(UUID(int=1)))), tokens)
    assert (answer.access_token, answer.refresh_token, answer.expires_in) == (access, refresh, seconds)


@given(st.builds(catalog_pb2.Language, value=SLUG, label=TEXT))
def test_languages(message: catalog_pb2.Language) -> None:
    assert catalog.language(model.Language(message.value, message.label, available=True)) == message


@given(INDUSTRY)
def test_industries(message: catalog_pb2.Industry) -> None:
    assert catalog.industry(model.Industry(message.id, message.name)) == message


@given(st.builds(catalog_pb2.Role, id=ID, title=TEXT, description=TEXT, hierarchy_level=LEVEL, industry=INDUSTRY))
def test_roles(message: catalog_pb2.Role) -> None:
    assert catalog.role(*to_role(message)) == message


@given(
    st.builds(
        catalog_pb2.MatchedRole,
        id=ID,
        title=TEXT,
        description=TEXT,
        hierarchy_level=LEVEL,
        industry=INDUSTRY,
        relevance_score=st.floats(0.3, 1),
    )
)
def test_matched_roles(message: catalog_pb2.MatchedRole) -> None:
    role, industry = to_role(message)
    assert catalog.matched_role(RoleMatch(role, message.relevance_score, ()), industry) == message


@given(
    st.builds(role_service_pb2.CreateRoleRequest, job_title=TEXT, job_description=TEXT, hierarchy_level=LEVEL), INDUSTRY
)
def test_new_roles_come_back_as_they_were_sent(
    request: role_service_pb2.CreateRoleRequest, industry: catalog_pb2.Industry
) -> None:
    sent = catalog_pb2.Role(
        id="x",
        title=request.job_title,
        description=request.job_description,
        hierarchy_level=request.hierarchy_level,
        industry=industry,
    )
    assert catalog.role(*to_role(sent)) == sent


@given(SLUG, TEXT, TEXT)
def test_partners(key: str, name: str, description: str) -> None:
    message = catalog_pb2.CommunicationPartner(id=key, slug=key, name=name, description=description)
    assert catalog.partner(model.CommunicationPartner(message.id, message.name, message.description)) == message


@given(
    st.builds(onboarding_pb2.UserPartner, id=ID, name=TEXT, priority=st.integers(1, 15), is_custom=st.booleans()),
    st.lists(UNIT, max_size=4),
)
def test_chosen_partners_and_their_units(message: onboarding_pb2.UserPartner, sent: list[catalog_pb2.Unit]) -> None:
    view = PartnerView(
        model.CommunicationPartner(message.id, message.name, ""),
        message.is_custom,
        message.priority,
        tuple(SituationView(model.Situation(unit.id, unit.name), custom=False) for unit in sent),
    )
    assert onboarding.user_partner(view) == message
    assert onboarding.units(view) == sent


@given(users(), st.one_of(st.none(), SLUG), st.one_of(st.none(), INDUSTRY), st.booleans(), st.sampled_from([*STATUSES]))
@settings(max_examples=50)
def test_profiles(
    user: user_pb2.User, language: str | None, industry: catalog_pb2.Industry | None, has_role: bool, status: str
) -> None:
    message = user_pb2.Profile(
        id=user.id,
        user_name=user.user_name,
        user_email=user.user_email,
        native_language=language,
        industry=industry,
        role=user_pb2.ProfileRole(id="concierge", title="Concierge") if has_role else None,
        onboarding_status=status,
        created=user.created,
        modified=user.modified,
    )
    assert profiles.profile(to_user(message), _view(message)) == message


def _view(message: user_pb2.Profile) -> OnboardingView:
    """Return the onboarding that a v1 profile tells of."""
    language = message.native_language if message.HasField("native_language") else None
    industry = model.Industry(message.industry.id, message.industry.name) if message.HasField("industry") else None
    role = None
    if message.HasField("role"):
        role = model.Role(message.role.id, "", message.role.title, "", (), model.RoleLevel.MANAGER)
    answers = Onboarding(UUID(message.id), native_language_id=language, step=STATUSES[message.onboarding_status])
    return OnboardingView(answers, None, industry, role, ())


@given(ID)
def test_ids_in_either_spelling(key: str) -> None:
    assert identifier(key) == key
    assert identifier(identifier(key.replace("_", "-"))) == key
