"""Onboarding on the real database: answers, their events, and several writers at once."""

import asyncio
from uuid import UUID

import pytest
from fakes.accounts import add_account
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import delete, func, select

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.sql.catalog import SqlCatalog
from adapters.sql.engine import Connections, create_engine
from adapters.sql.tables.catalog import role
from adapters.sql.tables.events import event_store
from adapters.sql.tables.identity import account
from adapters.sql.tables.onboarding import onboarding
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from domain.catalog.use_cases import WordRoleMatcher
from domain.onboarding.choose_partners import ConfigurePartnerSituations, SelectCommunicationPartners
from domain.onboarding.choose_role import CreateCustomUserRole, MatchUserRoleFromDescription, SelectRole
from domain.onboarding.steps import Step
from domain.onboarding.use_cases import (
    CompleteOnboarding,
    GetOnboarding,
    ResetOnboarding,
    SelectNativeLanguage,
    SelectUserIndustry,
)
from domain.practice.browse import ListScenarios
from domain.shared.clock import system_clock
from domain.shared.errors import InvalidRequest, Unavailable
from domain.shared.pages import PageRequest


class App:
    """The use cases over the database."""

    def __init__(self, connections: Connections) -> None:
        catalog, reads = SqlCatalog(connections), SqlReads(connections)

        def work() -> SqlUnitOfWork:
            return SqlUnitOfWork(connections, system_clock, MASTER_KEYS)

        self.get = GetOnboarding(reads, catalog)
        self.language = SelectNativeLanguage(work, catalog)
        self.industry = SelectUserIndustry(work, catalog)
        self.match = MatchUserRoleFromDescription(reads, work, WordRoleMatcher(catalog))
        self.select_role = SelectRole(work, catalog)
        self.create_role = CreateCustomUserRole(work)
        self.partners = SelectCommunicationPartners(work, catalog)
        self.situations = ConfigurePartnerSituations(work, catalog)
        self.complete = CompleteOnboarding(work, catalog, system_clock)
        self.reset = ResetOnboarding(work, catalog)
        self.scenarios = ListScenarios(reads)


@pytest.fixture
async def app(connections) -> App:
    await seed(connections, read_catalog())
    return App(connections)


@pytest.fixture
async def learner(connections) -> UUID:
    return await add_account(connections)


async def events_of(connections: Connections, learner: UUID) -> list[str]:
    stream = select(event_store.c.type).where(event_store.c.stream_id == f"onboarding-{learner}")
    async with connections.reading() as connection:
        return list((await connection.execute(stream.order_by(event_store.c.version))).scalars())


async def journey(app: App, learner: UUID) -> None:
    await app.language(learner, "chinese_simplified")
    await app.industry(learner, "shipping_logistics")
    await app.match(learner, "Route Planner", "I plan the routes of our lorries.")
    await app.select_role(learner, "route_planner")
    await app.create_role(learner, "Tide Watcher", "Watches the tides of the harbour.", "associate")
    view = await app.partners(learner, ["clients"], ["Harbour Pilots"])
    for one in view.partners:
        await app.situations(learner, one.partner.id, ["meetings"], ["Ship Launches"])
    await app.complete(learner)


async def test_the_whole_way_on_one_connection(app, learner, connections, database_url):
    """A use case that held one connection while it waited for another would wait for ever here."""
    single = Connections(create_engine(database_url, pool_size=1))
    try:
        await journey(App(single), learner)
    finally:
        await single.close()
    view = await app.get(learner)
    assert (view.onboarding.step, view.onboarding.next_step) == (Step.COMPLETED, Step.COMPLETED)
    assert view.role.title == "Tide Watcher"
    assert [one.partner.display_name for one in view.partners] == ["Clients", "Harbour Pilots"]
    assert [one.situation.display_name for one in view.partners[1].situations] == ["Meetings", "Ship Launches"]


async def test_the_way_leaves_its_events_in_order(app, learner, connections):
    await journey(app, learner)
    types = [one.removeprefix("onboarding.") for one in await events_of(connections, learner)]
    assert [one for one in types if one != "step_completed"] == [
        "session_started",
        "language_selected",
        "industry_selected",
        "role_match_performed",
        "role_selected",
        "custom_role_created",
        "role_selected",
        "communication_partners_selected",
        "partner_situations_configured",
        "partner_situations_configured",
        "session_completed",
    ]
    assert types.count("step_completed") == 6


async def test_answers_given_at_the_same_moment_all_stay(app, learner):
    await asyncio.gather(
        app.language(learner, "english"),
        app.industry(learner, "real_estate"),
        app.partners(learner, ["clients"], []),
    )
    stored = (await app.get(learner)).onboarding
    assert (stored.native_language_id, stored.industry_id) == ("english", "real_estate")
    assert [one.partner_id for one in stored.selections] == ["clients"]
    assert stored.version == 3


async def test_of_two_sets_chosen_at_the_same_moment_one_stays_whole(app, learner):
    sets = (["clients", "suppliers"], ["colleagues", "partners", "customers"])
    await asyncio.gather(*(app.partners(learner, one, []) for one in sets))
    stored = (await app.get(learner)).onboarding
    assert [one.partner_id for one in stored.selections] in sets


async def test_a_refused_set_leaves_the_old_one_and_no_event(app, learner, connections):
    await app.partners(learner, ["clients"], [])
    await app.situations(learner, "clients", ["meetings"], [])
    before, events = await app.get(learner), await events_of(connections, learner)
    for refused in (["suppliers", "nobody"], ["suppliers"] * 2, []):
        with pytest.raises(InvalidRequest):
            await app.partners(learner, refused, [])
    assert await app.get(learner) == before
    assert await events_of(connections, learner) == events


async def test_a_custom_role_and_its_choice_are_one(app, learner, connections, monkeypatch):
    async def lost(self: object, _result: object = None) -> None:
        raise ConnectionError

    await app.industry(learner, "real_estate")
    monkeypatch.setattr(SqlUnitOfWork, "commit", lost)
    with pytest.raises(Unavailable):
        await app.create_role(learner, "Tide Watcher", "Watches the tides.", "associate")
    async with connections.reading() as connection:
        own = select(func.count()).select_from(role).where(role.c.owner_id == learner)
        assert (await connection.execute(own)).scalar_one() == 0


async def test_a_reset_is_kept(app, learner):
    await journey(app, learner)
    await app.reset(learner)
    view = await app.get(learner)
    assert (view.onboarding.step, view.role, view.partners) == (Step.NOT_STARTED, None, ())


async def test_what_a_learner_made_goes_with_the_account(app, learner, connections):
    await journey(app, learner)
    async with connections.transaction() as connection:
        await connection.execute(delete(account).where(account.c.id == learner))
        await connection.commit()
    async with connections.reading() as connection:
        for table, owner in ((onboarding, onboarding.c.user_id), (role, role.c.owner_id)):
            left = select(func.count()).select_from(table).where(owner == learner)
            assert (await connection.execute(left)).scalar_one() == 0


async def test_scenarios_are_there_before_any_answer_and_follow_the_answers(app, learner):
    assert (await app.scenarios(learner, PageRequest())).items
    await app.industry(learner, "real_estate")
    first = (await app.scenarios(learner, PageRequest(size=1))).items[0]
    assert first.industry_id == "real_estate"
    await app.select_role(learner, first.role_id)
    assert (await app.scenarios(learner, PageRequest(size=1))).items[0].role_id == first.role_id
