"""Onboarding."""

from domain.identity.model import User
from domain.onboarding.errors import PartnerNotChosen
from domain.onboarding.model import Onboarding
from domain.onboarding.view import OnboardingView, PartnerView
from domain.shared.errors import InvalidRequest, Violation
from fluentpro.v1 import catalog_pb2, onboarding_pb2 as pb, onboarding_service_pb2 as service_pb
from server.mapping.v1 import catalog, profiles
from server.mapping.v1.identifiers import identifier


def user_partner(view: PartnerView) -> pb.UserPartner:
    """Map a chosen partner."""
    return pb.UserPartner(
        id=view.partner.id, name=view.partner.display_name, priority=view.priority, is_custom=view.custom
    )


def units(view: PartnerView) -> list[catalog_pb2.Unit]:
    """Map the situations chosen for a partner."""
    return [catalog.unit(chosen.situation) for chosen in view.situations]


def chosen_partner(view: OnboardingView, partner_id: str) -> PartnerView:
    """Return the chosen partner of that id. Raises PartnerNotChosen."""
    for chosen in view.partners:
        if chosen.partner.id == partner_id:
            return chosen
    raise PartnerNotChosen(partner_id)


def unit_ids(request: service_pb.SelectUnitsRequest) -> tuple[str, ...]:
    """Return the ids of the situations to choose, in whichever form they came. Raises InvalidRequest for both."""
    if request.unit_ids and request.unit_selections:
        message = "Only one of `unit_ids` and `unit_selections` may be there."
        fields = ("unit_ids", "unit_selections")
        raise InvalidRequest(tuple(Violation(field, "CONFLICTING_VALUES", message) for field in fields))
    selected = request.unit_ids or [selection.unit_id for selection in request.unit_selections]
    return tuple(map(identifier, selected))


def progress(onboarding: Onboarding) -> pb.OnboardingProgress:
    """Map how far onboarding has come. v1 cannot confirm the summary: it is complete when every answer is given."""
    answers = onboarding.answers
    return pb.OnboardingProgress(
        steps=[pb.OnboardingStep(name=step.value, completed=answered) for step, answered in answers.items()],
        completion_percentage=100 * sum(answers.values()) // len(answers),
        is_complete=all(answers.values()),
    )


def summary(user: User, view: OnboardingView) -> service_pb.GetSummaryResponse:
    """Map the profile, all answers and how far onboarding has come."""
    partners = [pb.PartnerUnits(partner=user_partner(chosen), units=units(chosen)) for chosen in view.partners]
    return service_pb.GetSummaryResponse(
        user_profile=profiles.profile(user, view),
        communication_partners=map(user_partner, view.partners),
        partners_with_units=partners,
        total_partners=len(partners),
        total_units=sum(len(each.units) for each in partners),
        onboarding_progress=progress(view.onboarding),
    )
