"""What ships is complete, and a data file that is not is refused by name."""

import dataclasses
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from adapters.seed.documents import scenario_from
from adapters.seed.files import DATA, CatalogData, SeedError, read_catalog
from domain.catalog.terms import normalise
from domain.practice.scenario import CefrLevel, Scenario

ROLES_BY_INDUSTRY = {"banking_finance": 8, "shipping_logistics": 8, "real_estate": 8, "hotels_hospitality": 8}


def test_languages_say_which_are_available(catalog: CatalogData) -> None:
    available = [language.id for language in catalog.languages if language.available]
    assert available == ["english", "chinese_traditional", "chinese_simplified"]
    assert [language.id for language in catalog.languages if not language.available] == [
        "spanish",
        "french",
        "japanese",
    ]


def test_partners_and_situations_are_those_of_the_product(catalog: CatalogData) -> None:
    assert [partner.id for partner in catalog.partners] == [
        "clients", "senior_management", "suppliers", "customers", "colleagues", "stakeholders", "partners",
    ]  # fmt: skip
    assert len(catalog.situations) == 15
    assert {"one_on_ones", "video_conferences", "informal_chats"} <= {situation.id for situation in catalog.situations}
    assert all(partner.description.endswith(".") for partner in catalog.partners)


def test_each_industry_has_eight_roles_told_in_prose(catalog: CatalogData) -> None:
    assert Counter(role.industry_id for role in catalog.roles) == ROLES_BY_INDUSTRY
    for role in catalog.roles:
        assert 2 <= role.duties.count(". ") + 1 <= 4, role.id
        assert not role.custom


def test_scenarios_cover_every_industry_level_and_partner(catalog: CatalogData) -> None:
    by_industry = Counter(scenario.industry_id for scenario in catalog.scenarios)
    assert min(by_industry[industry.id] for industry in catalog.industries) >= 4
    assert {scenario.level for scenario in catalog.scenarios} == set(CefrLevel)
    assert {scenario.partner_id for scenario in catalog.scenarios} == {partner.id for partner in catalog.partners}
    assert len({scenario.situation_id for scenario in catalog.scenarios}) >= 10


def test_every_key_word_is_used_in_its_sentence(catalog: CatalogData) -> None:
    for scenario in catalog.scenarios:
        for item in scenario.vocabulary:
            words = normalise(item.word).removeprefix("to ").replace("someone", "").split()
            longest = max(words, key=len)
            assert longest[:4] in normalise(item.context), (scenario.id, item.word)


def test_no_partner_has_the_same_line_twice(catalog: CatalogData) -> None:
    for scenario in catalog.scenarios:
        repeated = [line for line, count in Counter(lines_of(scenario)).items() if count > 1]
        assert repeated == [], scenario.id


def test_every_cue_has_words(catalog: CatalogData) -> None:
    for scenario in catalog.scenarios:
        script = scenario.script
        for cues in [reply.cues for reply in script.replies] + [follow_up.cues for follow_up in script.follow_ups]:
            assert all(normalise(cue) for cue in cues), scenario.id
            assert len(set(cues)) == len(cues), scenario.id


def test_a_scenario_survives_being_a_json_document(catalog: CatalogData) -> None:
    for scenario in catalog.scenarios:
        assert scenario_from(json.loads(json.dumps(dataclasses.asdict(scenario)))) == scenario


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("industries.toml", 'id = "real_estate"', 'id = "hotels_hospitality"', "hotels_hospitality stands there 2"),
        ("languages.toml", "available = true", "", "english"),
        ("languages.toml", "[[language]]", "[[language", "cannot be read"),
        ("situations.toml", "situation", "occasion", r"holds no \[\[situation\]\]"),
        ("roles/real_estate.toml", 'level = "manager"', 'level = "emperor"', "property_manager.*emperor"),
        ("roles/real_estate.toml", 'title = "Property Manager"', "", "property_manager: 'title' is missing"),
        ("roles/real_estate.toml", '"物業經理", "屋苑經理", "大廈經理", "物業主任"', '"物業經理"', "needs 2"),
        ("roles/real_estate.toml", '"Letting Agent"', '"building manager"', "leasing_agent.*property_manager"),
        ("roles/real_estate.toml", 'id = "leasing_agent"', 'id = "concierge"', "roles: concierge stands there 2 times"),
        ("scenarios/real_estate.toml", 'role_id = "leasing_agent"', 'role_id = "concierge"', "flat_viewing: no role"),
        ("scenarios/real_estate.toml", 'partner_id = "customers"', 'partner_id = "aliens"', "no partner aliens"),
        ("scenarios/real_estate.toml", '_id = "client_conversations"', '_id = "duels"', "no situation duels"),
        ("scenarios/real_estate.toml", 'level = "B1"', 'level = "Z9"', "flat_viewing: 'Z9'"),
        ("scenarios/real_estate.toml", '  "Propose a next step",\n', "", "each target needs its follow-up"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_its_name_and_entry(
    tmp_path: Path, file: str, old: str, new: str, problem: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(DATA, data)
    text = (data / file).read_text(encoding="utf-8")
    assert old in text
    (data / file).write_text(text.replace(old, new, 1 if file != "situations.toml" else -1), encoding="utf-8")
    with pytest.raises(SeedError, match=problem):
        read_catalog(data)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match=r"industries\.toml"):
        read_catalog(tmp_path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"skill_aims": ("one",)}, "three skill aims"),
        ({"language_aims": ()}, "three language aims"),
        ({"vocabulary": ()}, "six to ten"),
        ({"targets": ("one", "two")}, "three to five"),
    ],
)
def test_a_scenario_keeps_its_rules(catalog: CatalogData, change: dict[str, tuple[str, ...]], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        dataclasses.replace(catalog.scenarios[0], **change)


def lines_of(scenario: Scenario) -> list[str]:
    script = scenario.script
    return [
        scenario.opening_line,
        *(reply.text for reply in script.replies),
        *(follow_up.acknowledgement for follow_up in script.follow_ups),
        *(question for follow_up in script.follow_ups for question in follow_up.questions),
        *script.fallbacks,
        *script.closings,
    ]
