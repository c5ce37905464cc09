"""An onboarding with everything it names: what the doors show without a further look-up."""

from dataclasses import dataclass

from domain.catalog.model import CommunicationPartner, Industry, Language, Role, Situation
from domain.catalog.ports import Catalog
from domain.onboarding.model import Onboarding, PartnerSelection
from domain.onboarding.steps import Step


@dataclass(frozen=True, slots=True)
class SituationView:
    """A chosen situation, and whether it is the learner's own."""

    situation: Situation
    custom: bool


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A chosen partner, whether it is the learner's own, its priority (1 is the highest) and its situations."""

    partner: CommunicationPartner
    custom: bool
    priority: int
    situations: tuple[SituationView, ...]


@dataclass(frozen=True, slots=True)
class OnboardingView:
    """The onboarding, and the catalogue's entries for the ids in it; None where nothing is chosen."""

    onboarding: Onboarding
    native_language: Language | None
    industry: Industry | None
    role: Role | None
    partners: tuple[PartnerView, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """All answers, and the steps that lack one, in order."""

    view: OnboardingView
    missing: tuple[Step, ...]


async def view_of(onboarding: Onboarding, catalog: Catalog) -> OnboardingView:
    """Look up everything that an onboarding names."""
    languages = {language.id: language for language in await catalog.languages()}
    industries = {industry.id: industry for industry in await catalog.industries()}
    return OnboardingView(
        onboarding,
        languages.get(onboarding.native_language_id or ""),
        industries.get(onboarding.industry_id or ""),
        await catalog.role(onboarding.role_id, onboarding.user_id) if onboarding.role_id else None,
        await _partners(onboarding.selections, catalog),
    )


async def _partners(selections: tuple[PartnerSelection, ...], catalog: Catalog) -> tuple[PartnerView, ...]:
    partners = {partner.id: partner for partner in await catalog.partners()}
    situations = {situation.id: situation for situation in await catalog.situations()}
    return tuple(
        PartnerView(
            _partner(chosen, partners), chosen.custom_name is not None, priority, _situations(chosen, situations)
        )
        for priority, chosen in enumerate(selections, start=1)
    )


# Another process may know an entry that our copy of the catalogue does not have yet: until then its id is its name.
def _partner(chosen: PartnerSelection, partners: dict[str, CommunicationPartner]) -> CommunicationPartner:
    unlisted = CommunicationPartner(chosen.partner_id, chosen.custom_name or chosen.partner_id, "")
    return partners.get(chosen.partner_id, unlisted)


def _situations(chosen: PartnerSelection, situations: dict[str, Situation]) -> tuple[SituationView, ...]:
    return tuple(
        SituationView(
            situations.get(one.situation_id, Situation(one.situation_id, one.custom_name or one.situation_id)),
            one.custom_name is not None,
        )
        for one in chosen.situations
    )
