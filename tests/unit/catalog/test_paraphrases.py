"""How often the first match is right for jobs told in words that were written after the aliases."""

import pytest

from adapters.seed.files import CatalogData
from domain.catalog.matching import match_roles

BANKING, SHIPPING, PROPERTY, HOTELS = "banking_finance", "shipping_logistics", "real_estate", "hotels_hospitality"

PARAPHRASES = (
    (
        "accountant",
        BANKING,
        "Month-end closer",
        "I make sure our books are right at the end of each month and do the taxes.",
    ),
    ("financial_analyst", BANKING, "Numbers person", "I build Excel models and tell my boss how next year may look."),
    (
        "bank_teller",
        BANKING,
        "Branch staff",
        "People come to my window to put money into their account or take it out.",
    ),
    (
        "finance_manager",
        BANKING,
        "Head of the money side",
        "I decide how the firm spends and talk to the bank about credit.",
    ),
    (
        "auditor",
        BANKING,
        "Control checker",
        "I visit departments and check if they follow the rules and their records are true.",
    ),
    ("bookkeeper", BANKING, "Office clerk", "I type in bills and receipts and remind customers who have not paid."),
    (
        "investment_banker",
        BANKING,
        "Deals team",
        "We help one company buy another and bring firms to the stock market.",
    ),
    ("credit_analyst", BANKING, "Lending desk", "I judge if a customer can pay back what he wants to borrow."),
    (
        "logistics_coordinator",
        SHIPPING,
        "Transport office",
        "I book lorries and ships and make sure the papers are ready.",
    ),
    ("warehouse_manager", SHIPPING, "Storehouse leader", "I am in charge of thirty people who pick and pack orders."),
    (
        "shipment_tracker",
        SHIPPING,
        "Where-is-my-parcel desk",
        "Customers ring me to find out when their delivery arrives.",
    ),
    (
        "import_export_specialist",
        SHIPPING,
        "Border papers",
        "I fill in declarations so that goods get through customs.",
    ),
    ("logistics_analyst", SHIPPING, "Data person", "I look at delivery numbers and show where we can save money."),
    ("forklift_operator", SHIPPING, "Driver in the hall", "I lift pallets with a machine and load trucks."),
    (
        "inventory_specialist",
        SHIPPING,
        "Stock person",
        "I count what is on the shelves and compare it with the computer.",
    ),
    ("route_planner", SHIPPING, "Tour maker", "I decide which van goes where and which road it takes."),
    (
        "property_manager",
        PROPERTY,
        "House administrator",
        "I look after several buildings for the owners and collect the rent.",
    ),
    ("leasing_agent", PROPERTY, "Flat finder", "I show flats to people and help them sign the tenancy."),
    (
        "maintenance_supervisor",
        PROPERTY,
        "Repair team head",
        "I send my plumbers and electricians where something is broken.",
    ),
    (
        "resident_services_coordinator",
        PROPERTY,
        "Welcome desk",
        "When people move in or have a question, they come to me.",
    ),
    ("facilities_engineer", PROPERTY, "Technical staff", "I keep the heating, power and water of the tower running."),
    ("security_manager", PROPERTY, "Safety chief", "My guards watch the doors and cameras day and night."),
    (
        "janitorial_supervisor",
        PROPERTY,
        "Cleaning lady in charge",
        "I tell eight people which floors to mop and check the toilets.",
    ),
    (
        "project_coordinator",
        PROPERTY,
        "Building works office",
        "I write minutes and watch the timetable while we renovate.",
    ),
    (
        "front_desk_reception",
        HOTELS,
        "Welcome staff",
        "I give guests their keys and make out their bill when they leave.",
    ),
    ("concierge", HOTELS, "Tips and tickets", "I get people a table in good restaurants and seats for shows."),
    ("guest_relations_officer", HOTELS, "VIP care", "I make important guests happy and deal with those who are angry."),
    ("food_beverage", HOTELS, "Dining room staff", "I carry plates, pour wine and take orders."),
    ("housekeeping_supervisor", HOTELS, "Rooms team leader", "I check whether the maids have cleaned everything well."),
    ("event_coordinator", HOTELS, "Party organiser", "I prepare weddings and company dinners in our ballroom."),
    ("spa_therapist", HOTELS, "Wellness", "I rub tired backs with warm oil."),
    ("fitness_pool_attendant", HOTELS, "Sports staff", "I watch the swimmers and explain the machines in the gym."),
    ("front_desk_reception", HOTELS, "酒店大堂", "我在櫃檯幫客人登記入住和退房"),
    ("bank_teller", BANKING, "銀行職員", "我在分行櫃檯為客戶存款和提款"),
    ("forklift_operator", SHIPPING, "司机", "我在仓库开叉车"),
    ("concierge", HOTELS, "Portero", "Soy el conserje, recomiendo restaurantes a los huéspedes"),
    ("food_beverage", HOTELS, "Service en salle", "Je suis serveur au restaurant de l'hôtel"),
    ("housekeeping_supervisor", HOTELS, "清掃チーム", "客室の清掃を管理しています"),
)
"""Role, industry, job title, description. Not to be tuned for: a new alias may not be taken from here."""

MEASURED = 0.94
"""Share of right first matches when the list was written; words alone will not tell the rest."""


def test_words_alone_put_most_paraphrased_jobs_first(catalog: CatalogData) -> None:
    wrong = [line for line in PARAPHRASES if first_match(catalog, *line[1:]) != line[0]]
    assert 1 - len(wrong) / len(PARAPHRASES) >= MEASURED, wrong


def first_match(catalog: CatalogData, industry_id: str, title: str, description: str) -> str | None:
    roles = [role for role in catalog.roles if role.industry_id == industry_id]
    matches = match_roles(title, description, roles)
    return matches[0].role.id if matches else None


@pytest.mark.parametrize(
    ("title", "description"),
    [
        ("Astronaut", "I fly to the space station and repair satellites."),
        ("Dentist", "I look after my patients and pull their teeth."),
        ("Violinist", "I play in an orchestra and give lessons."),
        ("宇航員", "我在太空站做實驗"),
    ],
)
@pytest.mark.parametrize("industry_id", [BANKING, SHIPPING, PROPERTY, HOTELS])
def test_a_job_of_another_world_matches_nothing(
    catalog: CatalogData, industry_id: str, title: str, description: str
) -> None:
    assert first_match(catalog, industry_id, title, description) is None
