"""Choosing the communication partners, and the situations for each of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.catalog.ports import Catalog
from domain.onboarding.events import CommunicationPartnersSelected, PartnerSituationsConfigured
from domain.onboarding.model import PartnerSelection
from domain.onboarding.ports import OnboardingWork
from domain.onboarding.recording import keep
from domain.onboarding.selection import PARTNERS, SITUATIONS, Selector, own_names
from domain.onboarding.view import OnboardingView, view_of
from domain.shared.checks import Checks


@dataclass(frozen=True, slots=True)
class SelectCommunicationPartners:
    """Choose the whole set of partners, the most important first."""

    uow: Callable[[], OnboardingWork]
    catalog: Catalog
    new_id: Callable[[], UUID] = uuid4

    async def __call__(
        self, user_id: UUID, partner_ids: Sequence[str], custom_partners: Sequence[str]
    ) -> OnboardingView:
        """Return the onboarding with the answer. Raises InvalidRequest with all that is wrong."""
        catalogue = [partner.id for partner in await self.catalog.partners()]
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            own = own_names((one.partner_id, one.custom_name) for one in before.selections)
            with Checks() as check:
                chosen = Selector(PARTNERS, catalogue, own, self.new_id).choose(check, partner_ids, custom_partners)
            selected = CommunicationPartnersSelected(
                user_id=user_id,
                partner_ids=tuple(key for key, name in chosen.items() if name is None),
                custom_partners=len(own_names(chosen.items())),
            )
            after = await keep(work, before, before.with_partners(chosen), selected)
            view = await view_of(after, self.catalog)
            await work.commit(view)
        return view


@dataclass(frozen=True, slots=True)
class ConfigurePartnerSituations:
    """Choose the whole set of situations for one chosen partner."""

    uow: Callable[[], OnboardingWork]
    catalog: Catalog
    new_id: Callable[[], UUID] = uuid4

    async def __call__(
        self, user_id: UUID, partner_id: str, situation_ids: Sequence[str], custom_situations: Sequence[str]
    ) -> OnboardingView:
        """Return the onboarding with the answer. Raises PartnerNotChosen, and InvalidRequest with all that is wrong."""
        catalogue = [situation.id for situation in await self.catalog.situations()]
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            partner = before.selection(partner_id) if partner_id else PartnerSelection("")
            own = own_names((one.situation_id, one.custom_name) for one in partner.situations)
            with Checks() as check:
                if not partner_id:
                    check.refuse("partner_id", "REQUIRED", "A value is required.")
                selector = Selector(SITUATIONS, catalogue, own, self.new_id)
                chosen = selector.choose(check, situation_ids, custom_situations)
            configured = PartnerSituationsConfigured(
                user_id=user_id,
                partner_id=partner_id,
                situation_ids=tuple(key for key, name in chosen.items() if name is None),
                custom_situations=len(own_names(chosen.items())),
            )
            after = await keep(work, before, before.with_situations(partner_id, chosen), configured)
            view = await view_of(after, self.catalog)
            await work.commit(view)
        return view
