"""Composing a scenario of our own material: the same seed gives the same scenario."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog.model import CommunicationPartner, Role, Situation
from domain.practice.material import (
    AGREEMENT,
    CAUSE,
    EFFECT,
    OPENING,
    PARTS,
    REMEDY,
    LevelStyle,
    Material,
    Occasion,
    Part,
    Person,
    Stance,
    Topic,
    fill,
)
from domain.practice.scenario import CefrLevel, FollowUp, Scenario, Script, ScriptedReply, VocabularyItem


@dataclass(frozen=True, slots=True)
class Brief:
    """What a scenario is to be about."""

    role: Role
    partner: CommunicationPartner
    situation: Situation
    level: CefrLevel


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance decides: who speaks, about what, and when."""

    topic: Topic
    person: Person
    time: str


def draws(seed: UUID, briefs: Sequence[Brief], material: Material) -> list[Draw]:
    """Return a draw for each brief: no person twice, and no topic, while there are others."""
    # For variety, not for secrets.
    chance = random.Random(seed.int)  # noqa: S311
    people = chance.sample(material.people, len(material.people))
    used: list[Topic] = []
    found = []
    for index, brief in enumerate(briefs):
        topics = material.topics_for(brief.role.industry_id, brief.partner.id)
        fewest = min(used.count(topic) for topic in topics)
        topic = chance.choice([topic for topic in topics if used.count(topic) == fewest])
        used.append(topic)
        found.append(Draw(topic, people[index % len(people)], chance.choice(material.courtesies.times)))
    return found


def compose(scenario_id: UUID, owner_id: UUID, brief: Brief, draw: Draw, material: Material) -> Scenario:
    """Return the scenario; nothing in it is left to chance."""
    talk = _Talk.of(brief, draw, material)
    return Scenario(
        id=str(scenario_id),
        industry_id=brief.role.industry_id,
        role_id=brief.role.id,
        partner_id=brief.partner.id,
        situation_id=brief.situation.id,
        level=brief.level,
        title=f"{draw.topic.title}: {talk.fill(talk.occasion.title)}",
        introduction=_introduction(brief, draw, talk),
        skill_aims=(talk.occasion.skill_aim, talk.stance.skill_aim, talk.fill("Explain {matter}, and what comes next")),
        language_aims=(talk.occasion.language_aim, *talk.style.language_aims),
        persona=f"{draw.person.name}, {talk.fill(talk.stance.who)}: {draw.person.portrait}. {talk.style.manner}",
        goal=talk.fill(talk.stance.goal),
        opening_line=talk.fill(talk.style.opening or talk.occasion.opening),
        vocabulary=_vocabulary(draw.topic, talk, material),
        targets=tuple(part.target for part in talk.parts),
        script=_script(talk, material),
        owner_id=owner_id,
    )


@dataclass(frozen=True, slots=True)
class _Talk:
    occasion: Occasion
    stance: Stance
    style: LevelStyle
    parts: tuple[Part, ...]
    gaps: dict[str, str]

    @classmethod
    def of(cls, brief: Brief, draw: Draw, material: Material) -> "_Talk":
        # What the catalogue has, and we have no texts for, is treated like what a learner has named.
        occasion = material.occasions.get(brief.situation.id, material.occasions[""])
        stance = material.stances.get(brief.partner.id, material.stances[""])
        style = material.levels[brief.level]
        gaps = {
            "name": draw.person.name,
            "matter": draw.topic.matter,
            "time": draw.time,
            "partner": brief.partner.display_name,
            "situation": brief.situation.display_name,
        }
        by_name = {**draw.topic.parts, OPENING: occasion.part, AGREEMENT: material.courtesies.agreement}
        parts = tuple(by_name[name] for name in PARTS if name in style.parts)
        return cls(occasion, stance, style, parts, gaps)

    def fill(self, text: str) -> str:
        return fill(text, self.gaps)


def _introduction(brief: Brief, draw: Draw, talk: _Talk) -> str:
    topic = draw.topic
    first, second = topic.remedies
    who = talk.fill(talk.stance.who)
    return (
        f"{talk.fill(talk.occasion.setting)} Your role: {brief.role.title}. {draw.person.name}, {who}, wants to speak "
        f"about {topic.matter}. What you know: {topic.cause}. {topic.effect} You could {first}, or {second}."
    )


def _vocabulary(topic: Topic, talk: _Talk, material: Material) -> tuple[VocabularyItem, ...]:
    every = (*topic.words, *talk.occasion.words, talk.stance.word, material.courtesies.agreement_word)
    by_word = {item.word: item for item in every}
    return tuple(by_word.values())[: talk.style.vocabulary]


def _script(talk: _Talk, material: Material) -> Script:
    replies = [ScriptedReply(cues, talk.fill(text)) for cues, text in material.courtesies.replies]
    return Script(
        replies=tuple(replies),
        follow_ups=tuple(FollowUp(part.cues, part.acknowledgement, part.questions) for part in talk.parts),
        fallbacks=talk.style.fallbacks,
        closings=(*talk.stance.closings, material.courtesies.last_closing),
    )


TOPIC_PARTS = (CAUSE, EFFECT, REMEDY)
"""The parts that a topic plays; the first comes from the occasion, the last is the same everywhere."""
