"""Scenarios composed of our own material."""

from itertools import product
from random import Random
from uuid import UUID, uuid4

import pytest

from adapters.ai.script import next_line
from adapters.material.files import DATA, MaterialError, read_material, shipped_material
from adapters.seed.files import read_catalog
from domain.catalog.model import CommunicationPartner, Situation
from domain.practice.chat import Author, ChatMessage
from domain.practice.composing import Brief, compose, draws
from domain.practice.material import fill
from domain.practice.scenario import CefrLevel, Scenario

CATALOG, MATERIAL = read_catalog(), shipped_material()
EVERY = list(product(CATALOG.roles, CATALOG.partners, CATALOG.situations, CefrLevel))


def made(seed: UUID, *briefs: Brief) -> list[Scenario]:
    owner = UUID(int=1)
    drawn = draws(seed, briefs, MATERIAL)
    return [compose(seed, owner, brief, draw, MATERIAL) for brief, draw in zip(briefs, drawn, strict=True)]


def a_brief(level: CefrLevel = CefrLevel.B1) -> Brief:
    return Brief(CATALOG.roles[0], CATALOG.partners[0], CATALOG.situations[0], level)


def test_there_is_a_whole_scenario_for_everything_in_the_catalogue() -> None:
    for number, chosen in enumerate(Random(7).sample(EVERY, 1500)):
        brief = Brief(*chosen)
        [scenario] = made(UUID(int=number), brief)  # a scenario that lacks something is refused
        assert (scenario.role_id, scenario.partner_id) == (brief.role.id, brief.partner.id)
        assert (scenario.situation_id, scenario.level) == (brief.situation.id, brief.level)
        texts = [scenario.title, scenario.introduction, scenario.persona, scenario.goal, scenario.opening_line]
        texts += [line for follow in scenario.script.follow_ups for line in follow.questions]
        assert not [text for text in texts if "{" in text or "  " in text]


def test_the_same_seed_gives_the_same_scenarios_and_another_one_others() -> None:
    seed, briefs = uuid4(), [a_brief() for _ in range(3)]
    assert made(seed, *briefs) == made(seed, *briefs)
    assert len({made(UUID(int=number), a_brief())[0].introduction for number in range(50)}) > 20


def test_several_at_once_differ_in_person_and_while_there_are_others_in_topic() -> None:
    scenarios = made(uuid4(), *(a_brief() for _ in range(10)))
    assert len({scenario.persona for scenario in scenarios}) == 10
    topics = [scenario.title.partition(":")[0] for scenario in scenarios]
    most = max(topics.count(topic) for topic in topics)
    assert most <= min(topics.count(topic) for topic in topics) + 1


def test_a_higher_level_has_more_to_reach_and_to_learn() -> None:
    by_level = [made(UUID(int=3), a_brief(level))[0] for level in CefrLevel]
    assert [len(scenario.targets) for scenario in by_level] == [3, 3, 4, 4, 5]
    assert [len(scenario.vocabulary) for scenario in by_level] == [6, 6, 7, 7, 8]


def test_a_topic_concerns_the_partner() -> None:
    suppliers = next(partner for partner in CATALOG.partners if partner.id == "suppliers")
    brief = Brief(CATALOG.roles[0], suppliers, CATALOG.situations[0], CefrLevel.B1)
    titles = {topic.title for topic in MATERIAL.topics if "suppliers" in topic.partners}
    for number in range(30):
        assert made(UUID(int=number), brief)[0].title.partition(":")[0] in titles


def test_what_a_learner_has_named_is_in_it_word_for_word() -> None:
    partner = CommunicationPartner(str(uuid4()), "Bell {name} boys", "")
    brief = Brief(CATALOG.roles[0], partner, Situation(str(uuid4()), "{matter}, lost"), CefrLevel.B2)
    [scenario] = made(uuid4(), brief)
    assert "“Bell {name} boys”" in scenario.persona
    assert "“{matter}, lost”" in scenario.title


@pytest.mark.parametrize("level", CefrLevel)
def test_a_scripted_partner_plays_it_to_its_end(level) -> None:
    """Who says the first cue of each target reaches them all, and the partner closes."""
    [scenario] = made(UUID(int=5), a_brief(level))
    talk = [ChatMessage(Author.PARTNER, next_line(scenario, ()))]
    assert talk[0].text == scenario.opening_line
    for follow in scenario.script.follow_ups:
        talk.append(ChatMessage(Author.LEARNER, f"Well: {follow.cues[0].rstrip('*')}."))
        talk.append(ChatMessage(Author.PARTNER, next_line(scenario, talk)))
    assert any(closing in talk[-1].text for closing in scenario.script.closings)


def test_gaps_are_filled_once() -> None:
    assert fill("{name}, {who} {", {"name": "{who}", "matter": "x"}) == "{who}, {who} {"


def test_material_that_does_not_fit_together_is_named(tmp_path) -> None:
    for path in DATA.rglob("*.toml"):
        copy = tmp_path / path.relative_to(DATA)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text())
    assert read_material(tmp_path) == MATERIAL
    topics = tmp_path / "topics" / "real_estate.toml"
    topics.write_text(topics.read_text().replace('"stakeholders"', '"landlords"'))
    with pytest.raises(MaterialError, match="landlords"):
        read_material(tmp_path)
    topics.write_text(topics.read_text().replace("matter =", "mater ="))
    with pytest.raises(MaterialError, match=r"real_estate\.toml.*'matter'"):
        read_material(tmp_path)
    topics.write_text("[[topic")
    with pytest.raises(MaterialError, match="cannot be read"):
        read_material(tmp_path)
    topics.write_text("")
    (tmp_path / "levels.toml").write_text("")
    with pytest.raises(MaterialError, match="level"):
        read_material(tmp_path)
