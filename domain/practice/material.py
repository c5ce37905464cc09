"""What scenarios are composed of: texts of ours, with gaps such as `{name}` and `{matter}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.practice.scenario import CefrLevel, VocabularyItem

OPENING, CAUSE, EFFECT, REMEDY, AGREEMENT = PARTS = ("opening", "cause", "effect", "remedy", "agreement")
"""The parts of a talk, in their order; each is a target for the learner."""


@dataclass(frozen=True, slots=True)
class Part:
    """One target of the learner, and how the partner plays it; see `domain.practice.scenario.FollowUp`."""

    target: str
    cues: tuple[str, ...]
    acknowledgement: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A matter that people of an industry speak about, with the facts that the learner is told.

    `partners` are the ids of those whom it concerns; any topic concerns those whom a learner has named. `remedies` are
    two, and follow "You could". `parts` has CAUSE, EFFECT and REMEDY.
    """

    industry_id: str
    title: str
    partners: tuple[str, ...]
    matter: str
    cause: str
    effect: str
    remedies: tuple[str, ...]
    parts: Mapping[str, Part]
    words: tuple[VocabularyItem, ...]


@dataclass(frozen=True, slots=True)
class Occasion:
    """How a situation begins, and what it trains. `opening` is what the partner says first."""

    title: str
    setting: str
    opening: str
    part: Part
    skill_aim: str
    language_aim: str
    words: tuple[VocabularyItem, ...]


@dataclass(frozen=True, slots=True)
class Stance:
    """How a communication partner stands to the learner: `who` follows a name, `goal` is what they want."""

    who: str
    goal: str
    skill_aim: str
    closings: tuple[str, ...]
    word: VocabularyItem


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to speak with."""

    name: str
    portrait: str


@dataclass(frozen=True, slots=True)
class LevelStyle:
    """What a level changes. `parts` are those to reach, `vocabulary` counts the words.

    With `opening` the partner begins in simpler words than those of the occasion.
    """

    manner: str
    language_aims: tuple[str, ...]
    fallbacks: tuple[str, ...]
    parts: tuple[str, ...]
    vocabulary: int
    opening: str | None = None


@dataclass(frozen=True, slots=True)
class Courtesies:
    """What is the same in every talk: times of day, the last target, its word, and answers to what is often said."""

    times: tuple[str, ...]
    agreement: Part
    agreement_word: VocabularyItem
    replies: tuple[tuple[tuple[str, ...], str], ...]
    last_closing: str


@dataclass(frozen=True, slots=True)
class Material:
    """All there is to compose from. In `occasions` and `stances` the entry of "" is for what learners have named."""

    topics: tuple[Topic, ...]
    occasions: Mapping[str, Occasion]
    stances: Mapping[str, Stance]
    people: tuple[Person, ...]
    levels: Mapping[CefrLevel, LevelStyle]
    courtesies: Courtesies

    def topics_for(self, industry_id: str, partner_id: str) -> tuple[Topic, ...]:
        """Return the topics of the industry that concern the partner; all of the industry where none names it."""
        # An industry that was added to the catalogue and not here yet borrows from the others.
        all_of_them = tuple(topic for topic in self.topics if topic.industry_id == industry_id) or self.topics
        return tuple(topic for topic in all_of_them if partner_id in topic.partners) or all_of_them


class MaterialSource(Protocol):
    """Gives the material, the same each time."""

    def __call__(self) -> Material:
        """Return it."""


def fill(text: str, gaps: Mapping[str, str]) -> str:
    """Return a text with its gaps filled. One that `gaps` does not name stays; what fills a gap is not looked into."""
    first, *pieces = text.split("{")
    return first + "".join(_filled(piece, gaps) for piece in pieces)


def _filled(piece: str, gaps: Mapping[str, str]) -> str:
    name, brace, rest = piece.partition("}")
    return gaps[name] + rest if brace and name in gaps else "{" + piece
