"""What an onboarding names is looked up; what this process does not know yet is shown by its id."""

from dataclasses import replace
from uuid import uuid4

from fakes.catalog import FakeCatalog

from adapters.seed.files import read_catalog
from domain.onboarding.model import Onboarding, PartnerSelection, SituationSelection
from domain.onboarding.view import view_of


async def test_entries_that_are_not_in_our_copy_of_the_catalogue_are_shown_by_their_ids():
    older = replace(read_catalog(), partners=(), situations=(), languages=(), industries=(), roles=())
    onboarding = Onboarding(
        uuid4(),
        native_language_id="english",
        industry_id="real_estate",
        role_id="leasing_agent",
        selections=(PartnerSelection("clients", None, (SituationSelection("meetings"),)),),
    )
    view = await view_of(onboarding, FakeCatalog(older))
    assert (view.native_language, view.industry, view.role) == (None, None, None)
    (partner,) = view.partners
    assert (partner.partner.id, partner.partner.display_name, partner.custom) == ("clients", "clients", False)
    assert partner.situations[0].situation.display_name == "meetings"
