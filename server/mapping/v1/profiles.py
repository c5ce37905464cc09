"""Profiles: an account together with what its learner has chosen."""

from dataclasses import dataclass

from domain.identity.model import User
from domain.identity.profile import ProfileUpdate
from domain.onboarding.steps import Step
from domain.onboarding.view import OnboardingView
from domain.shared.errors import InvalidRequest, Violation
from fluentpro.v1 import user_pb2, user_service_pb2
from server.mapping.v1 import catalog
from server.mapping.v1.identifiers import identifier
from server.mapping.v2.times import timestamp

_STATUSES = {
    Step.NOT_STARTED: "pending",
    Step.NATIVE_LANGUAGE: "welcome",
    Step.INDUSTRY_SELECTION: "basic_info",
    Step.ROLE_INPUT: "basic_info",
    Step.ROLE_SELECTION: "personalisation",
    Step.COMMUNICATION_PARTNERS: "course_assignment",
    Step.SITUATION_SELECTION: "course_assignment",
    Step.SUMMARY: "course_assignment",
    Step.COMPLETED: "completed",
}

# By each path of a mask what it changes.
_CHANGEABLE = {
    "user_name": "full_name",
    "full_name": "full_name",
    "date_of_birth": "date_of_birth",
    "native_language": "native_language",
    "industry_id": "industry_id",
}
_OF_ACCOUNT = ("full_name", "date_of_birth")


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What is to change: of the account, and the ids of the choices; None is no change, and empty is no id."""

    account: ProfileUpdate
    language_id: str | None
    industry_id: str | None


def onboarding_status(step: Step) -> str:
    """Return the status that v1 has for the furthest step reached."""
    return _STATUSES[step]


def profile(user: User, view: OnboardingView) -> user_pb2.Profile:
    """Map an account and its onboarding."""
    role = view.role
    return user_pb2.Profile(
        id=str(user.id),
        user_name=user.full_name,
        user_email=user.email,
        native_language=view.onboarding.native_language_id,
        industry=catalog.industry(view.industry) if view.industry else None,
        role=user_pb2.ProfileRole(id=role.id, title=role.title) if role else None,
        onboarding_status=onboarding_status(view.onboarding.step),
        created=timestamp(user.created_at),
        modified=timestamp(user.updated_at),
    )


def profile_change(request: user_service_pb2.UpdateProfileRequest) -> ProfileChange:
    """Map a change of the profile. Without a mask it is the fields that `profile` sets. Raises InvalidRequest."""
    new, changed = request.profile, _changed(request)
    born = new.date_of_birth if new.HasField("date_of_birth") else None
    return ProfileChange(
        account=ProfileUpdate(
            mask=tuple(name for name in _OF_ACCOUNT if name in changed),
            full_name=new.user_name or new.full_name,
            date_of_birth=born,
        ),
        language_id=identifier(new.native_language) if "native_language" in changed else None,
        industry_id=identifier(new.industry_id) if "industry_id" in changed else None,
    )


def _changed(request: user_service_pb2.UpdateProfileRequest) -> set[str]:
    paths = list(request.update_mask.paths)
    if not request.HasField("update_mask"):
        # Who sends a whole profile back sends the address too, which cannot change.
        paths = [field.name for field, _ in request.profile.ListFields() if field.name in _CHANGEABLE]
    if not _CHANGEABLE.keys() >= set(paths):
        message = f"Only {', '.join(f'`{path}`' for path in _CHANGEABLE)} can be changed."
        raise InvalidRequest((Violation("update_mask", "INVALID_FIELD", message),))
    return {_CHANGEABLE[path] for path in paths}
