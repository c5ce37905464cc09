"""Which role comes first, and what its score and reasons say."""

from dataclasses import replace
from uuid import UUID

import pytest

from adapters.seed.files import CatalogData
from domain.catalog.matching import FLOOR, MAX_MATCHES, RoleMatch, match_roles
from domain.catalog.model import Role, RoleLevel
from domain.catalog.terms import normalise, terms
from domain.catalog.use_cases import WordRoleMatcher

BANKING, SHIPPING, PROPERTY, HOTELS = "banking_finance", "shipping_logistics", "real_estate", "hotels_hospitality"

QUERIES = (
    (HOTELS, "Receptionist", "I look after the front desk and check guests in", "front_desk_reception"),
    (HOTELS, "receptionist", "", "front_desk_reception"),
    (HOTELS, "Night Receptionist", "", "front_desk_reception"),
    (HOTELS, "Recepsionist", "", "front_desk_reception"),
    (HOTELS, "Senior front desk agent", "", "front_desk_reception"),
    (HOTELS, "櫃檯接待", "我負責替客人辦理入住手續", "front_desk_reception"),
    (HOTELS, "酒店前台", "", "front_desk_reception"),
    (HOTELS, "Recepcionista", "Atiendo a los huéspedes en la entrada del hotel", "front_desk_reception"),
    (HOTELS, "réceptionniste de nuit", "", "front_desk_reception"),
    (HOTELS, "フロント係", "", "front_desk_reception"),
    (HOTELS, "Assistant concierge", "", "concierge"),
    (HOTELS, "禮賓部主任", "", "concierge"),
    (HOTELS, "VIP host", "I greet returning guests", "guest_relations_officer"),
    (HOTELS, "F&B Supervisor", "", "food_beverage"),
    (HOTELS, "Waiters", "", "food_beverage"),
    (HOTELS, "餐厅服务员", "", "food_beverage"),
    (HOTELS, "Housekeeping boss", "I inspect the rooms", "housekeeping_supervisor"),
    (HOTELS, "Gouvernante générale", "", "housekeeping_supervisor"),
    (HOTELS, "Wedding and event planner", "", "event_coordinator"),
    (HOTELS, "マッサージ師", "", "spa_therapist"),
    (HOTELS, "Life guard", "I watch the swimming pool", "fitness_pool_attendant"),
    (BANKING, "Senior Accountant", "", "accountant"),
    (BANKING, "会计", "", "accountant"),
    (BANKING, "Analista Financiero Senior", "", "financial_analyst"),
    (BANKING, "Teller at a bank", "", "bank_teller"),
    (BANKING, "Worker", "I stand at the counter, take deposits and pay out cash", "bank_teller"),
    (BANKING, "CFO", "", "finance_manager"),
    (BANKING, "Internal audit", "I test controls", "auditor"),
    (BANKING, "核數師", "", "auditor"),
    (BANKING, "Accounts payable", "I enter invoices", "bookkeeper"),
    (BANKING, "M&A banker", "", "investment_banker"),
    (BANKING, "Analyste crédit junior", "", "credit_analyst"),
    (SHIPPING, "warehouse boss", "", "warehouse_manager"),
    (SHIPPING, "Boss", "I run a warehouse, plan shifts and hire people", "warehouse_manager"),
    (SHIPPING, "倉庫主管", "我管理倉庫", "warehouse_manager"),
    (SHIPPING, "Freight coordination", "", "logistics_coordinator"),
    (SHIPPING, "Tracking containers", "", "shipment_tracker"),
    (SHIPPING, "Agente de aduanas", "", "import_export_specialist"),
    (SHIPPING, "import-export clerk", "", "import_export_specialist"),
    (SHIPPING, "供应链分析师", "", "logistics_analyst"),
    (SHIPPING, "Cariste", "Je conduis un chariot", "forklift_operator"),
    (SHIPPING, "フォークリフト", "", "forklift_operator"),
    (SHIPPING, "Stock controller", "", "inventory_specialist"),
    (SHIPPING, "Planner of routes", "", "route_planner"),
    (PROPERTY, "Building manager", "", "property_manager"),
    (PROPERTY, "物業經理", "", "property_manager"),
    (PROPERTY, "Real-estate agent", "", "leasing_agent"),
    (PROPERTY, "Maintenance", "I repair lifts and locks", "maintenance_supervisor"),
    (PROPERTY, "居住者サービス担当", "", "resident_services_coordinator"),
    (PROPERTY, "HVAC engineer", "", "facilities_engineer"),
    (PROPERTY, "保安", "", "security_manager"),
    (PROPERTY, "Head of the cleaners", "", "janitorial_supervisor"),
    (PROPERTY, "Coordinador de obra", "", "project_coordinator"),
)


@pytest.mark.parametrize(("industry_id", "title", "description", "expected"), QUERIES)
def test_the_role_that_is_meant_comes_first(
    catalog: CatalogData, industry_id: str, title: str, description: str, expected: str
) -> None:
    matches = match_roles(title, description, roles_of(catalog, industry_id))
    assert matches[0].role.id == expected


@pytest.mark.parametrize(
    "role_id", [query[-1] for query in QUERIES[:1]] + ["auditor", "route_planner", "leasing_agent"]
)
def test_a_title_is_a_certain_match_whatever_its_case(catalog: CatalogData, role_id: str) -> None:
    role = next(role for role in catalog.roles if role.id == role_id)
    first = match_roles(role.title.upper(), "", roles_of(catalog, role.industry_id))[0]
    assert (first.role, first.score, first.reasons) == (role, 1.0, ("title",))


def test_every_title_and_every_alias_finds_its_own_role(catalog: CatalogData) -> None:
    for role in catalog.roles:
        for name in (role.title, *role.aliases):
            first = match_roles(name, "", roles_of(catalog, role.industry_id))[0]
            assert first.role == role, name
            assert first.score >= 0.95


def test_scores_tell_exact_alias_contained_and_shared_words_apart(catalog: CatalogData) -> None:
    def first(title: str, description: str = "") -> RoleMatch:
        return match_roles(title, description, roles_of(catalog, HOTELS))[0]

    assert first("Lifeguard").score == 0.95
    assert first("Lifeguard").reasons == ("alias",)
    assert 0.8 < first("Chief lifeguard of the beach").score < 0.9
    shared = first("Gym person", "I show how the equipment is used and lead classes")
    assert FLOOR <= shared.score < 0.75
    assert shared.reasons == ("words",)
    assert first("Lifeguard", "I watch swimmers at the pool and give first aid").reasons == ("alias", "words")


def test_a_name_that_fills_more_of_the_job_title_counts_for_more() -> None:
    banker, analyst = a_role("banker", "Banker"), a_role("analyst", "Banker Analyst")
    matches = match_roles("Junior Banker Analyst", "", [banker, analyst])
    assert [match.role for match in matches] == [analyst, banker]


def test_a_rank_alone_is_no_match(catalog: CatalogData) -> None:
    assert match_roles("Manager", "", roles_of(catalog, HOTELS)) == ()
    assert match_roles("Area Manager", "", [a_role("custom", "Manager")]) == ()


def test_a_word_counts_for_less_when_many_roles_have_it() -> None:
    shared = [a_role(f"r{number}", f"Harbour Task{number}") for number in range(8)]
    alone = match_roles("Harbour", "", shared[:1])[0].score
    assert alone > FLOOR
    assert all(match.score < alone for match in match_roles("Harbour", "", shared))


def test_nothing_fits_nothing(catalog: CatalogData) -> None:
    assert match_roles("", "", catalog.roles) == ()
    assert match_roles("!!", "…", catalog.roles) == ()
    assert match_roles("Waiter", "I serve", ()) == ()


def test_at_most_five_come_back_best_first(catalog: CatalogData) -> None:
    everything = " ".join(role.title for role in catalog.roles)
    matches = match_roles("Everything", everything, catalog.roles)
    assert len(matches) == MAX_MATCHES
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)


def test_equal_matches_keep_one_order_whatever_the_order_of_the_roles() -> None:
    roles = [a_role("b", "Crane Driver"), a_role("a", "Crane Driver"), a_role("c", "Crane Cleaner")]
    for order in (roles, roles[::-1]):
        assert [match.role.id for match in match_roles("Crane Driver", "", order)][:2] == ["a", "b"]


def test_text_of_other_forms_and_widths_is_the_same_text(catalog: CatalogData) -> None:
    hotels = roles_of(catalog, HOTELS)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "CONCIERGE")
    assert match_roles(wide, "", hotels) == match_roles("concierge", "", hotels)
    assert match_roles("Receptionniste", "", hotels) == match_roles("Re\u0301ceptionniste", "", hotels)
    assert normalise("ｺﾝｼｪﾙｼﾞｭ") == normalise("コンシェルジュ") == "コンシェルジュ"


def test_japanese_voicing_marks_are_letters_and_not_accents() -> None:
    assert normalise("ガイド") != normalise("カイト")


def test_terms_hold_words_by_stem_and_pairs_of_characters() -> None:
    assert terms("The cleaners are cleaning") == terms("cleaned")
    assert terms("倉庫經理") == {"倉庫", "經理"}
    assert terms("the of I") == frozenset()


async def test_the_matcher_asks_for_the_roles_of_the_industry_and_of_the_owner(catalog: CatalogData) -> None:
    owner = UUID(int=7)
    own = replace(a_role("own", "Beekeeper"), owner_id=owner, industry_id=HOTELS)
    matcher = WordRoleMatcher(OwnRoles(catalog, own))
    assert [match.role for match in await matcher.match("Beekeeper", "", HOTELS, owner)] == [own]
    assert await matcher.match("Beekeeper", "", HOTELS, None) == ()
    assert own.custom


class OwnRoles:
    """The shipped catalogue with one role of a learner's own."""

    def __init__(self, catalog: CatalogData, own: Role) -> None:
        self._catalog = catalog
        self._own = own

    async def roles(self, industry_id: str | None, owner_id: UUID | None) -> tuple[Role, ...]:
        return tuple(
            role
            for role in (*self._catalog.roles, self._own)
            if role.industry_id == industry_id and role.owner_id in (None, owner_id)
        )

    async def role(self, role_id: str, owner_id: UUID | None) -> Role | None:
        return next((role for role in await self.roles(None, owner_id) if role.id == role_id), None)

    async def languages(self):
        return self._catalog.languages

    async def industries(self):
        return self._catalog.industries

    async def partners(self):
        return self._catalog.partners

    async def situations(self):
        return self._catalog.situations


def a_role(role_id: str, title: str) -> Role:
    return Role(role_id, SHIPPING, title, "", (), RoleLevel.ASSOCIATE)


def roles_of(catalog: CatalogData, industry_id: str) -> list[Role]:
    return [role for role in catalog.roles if role.industry_id == industry_id]
