"""Events keep what they say when they are written and read again."""

from uuid import uuid4

import pytest

from domain.catalog.model import RoleLevel
from domain.onboarding import events
from domain.onboarding.steps import Step
from domain.shared.events import event_types

LEARNER = uuid4()
SAMPLES = (
    events.OnboardingStarted(user_id=LEARNER),
    events.StepCompleted(user_id=LEARNER, step=Step.ROLE_INPUT),
    events.LanguageSelected(user_id=LEARNER, language_id="english"),
    events.IndustrySelected(user_id=LEARNER, industry_id="real_estate"),
    events.RoleMatchPerformed(user_id=LEARNER, industry_id="real_estate", matches=2, best_score=95),
    events.RoleSelected(user_id=LEARNER, role_id="leasing_agent", custom=False),
    events.CustomRoleCreated(
        user_id=LEARNER, role_id=str(uuid4()), industry_id="real_estate", level=RoleLevel.DIRECTOR
    ),
    events.CommunicationPartnersSelected(user_id=LEARNER, partner_ids=("clients",), custom_partners=1),
    events.PartnerSituationsConfigured(
        user_id=LEARNER, partner_id="clients", situation_ids=("meetings",), custom_situations=0
    ),
    events.OnboardingCompleted(user_id=LEARNER),
    events.OnboardingReset(user_id=LEARNER),
)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: event.type)
def test_an_event_survives_being_written(event):
    assert type(event).from_dict(event.to_dict()) == event
    assert event.stream_id == f"onboarding-{LEARNER}"


def test_every_event_of_the_area_is_among_them():
    names = {name for name in event_types() if name.startswith("onboarding.")}
    assert names == {event.type for event in SAMPLES}
