"""A role-play: who the learner talks to, what both want, and the lines a scripted partner can say."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

AIMS = 3
"""Skill aims of a scenario, and language aims: three of each, as many as a learner can hold in mind."""
VOCABULARY = range(6, 11)
"""How many key words a scenario teaches."""
TARGETS = range(3, 6)
"""How many things the learner is to reach."""


class CefrLevel(StrEnum):
    """A level of the Common European Framework of Reference for Languages (Council of Europe, 2001)."""

    A1 = "A1"
    A2 = "A2"
    B1 = "B1"
    B2 = "B2"
    C1 = "C1"


@dataclass(frozen=True, slots=True)
class VocabularyItem:
    """A word or phrase worth knowing, in a sentence that shows how it is used."""

    word: str
    context: str


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """What the partner answers when the learner says one of the cues.

    A cue is one word or several in a row, met in any case and ending ("refund" meets "Refunds"); with a
    final asterisk it is the beginning of one ("apolog*").
    """

    cues: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """How the partner plays one target.

    The learner touches the target by saying one of the cues; the partner then says the acknowledgement.
    Until then the questions lead there, the plainest last.
    """

    cues: tuple[str, ...]
    acknowledgement: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """All lines of a partner who is played without a model.

    `follow_ups` has one entry for each target, in the targets' order. `fallbacks` answer what fits nothing,
    `closings` end the talk, the first of them once every target is touched.
    """

    replies: tuple[ScriptedReply, ...]
    follow_ups: tuple[FollowUp, ...]
    fallbacks: tuple[str, ...]
    closings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A role-play for one role, partner and situation.

    `persona` says in prose who the partner is and how they speak, `goal` what the partner wants. A
    scenario with an `owner_id` belongs to that learner. ValueError: the content breaks a rule.
    """

    id: str
    industry_id: str
    role_id: str
    partner_id: str
    situation_id: str
    level: CefrLevel
    title: str
    introduction: str
    skill_aims: tuple[str, ...]
    language_aims: tuple[str, ...]
    persona: str
    goal: str
    opening_line: str
    vocabulary: tuple[VocabularyItem, ...]
    targets: tuple[str, ...]
    script: Script
    owner_id: UUID | None = None

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ValueError(problem)


def _problems(scenario: Scenario) -> list[str]:
    script = scenario.script
    rules = {
        "three skill aims are needed": len(scenario.skill_aims) == AIMS,
        "three language aims are needed": len(scenario.language_aims) == AIMS,
        "six to ten vocabulary items are needed": len(scenario.vocabulary) in VOCABULARY,
        "three to five targets are needed": len(scenario.targets) in TARGETS,
        "each target needs its follow-up": len(script.follow_ups) == len(scenario.targets),
        "each follow-up needs cues and questions": all(f.cues and f.questions for f in script.follow_ups),
        "each reply needs cues": all(reply.cues for reply in script.replies),
        "a script needs fallbacks and closings": bool(script.fallbacks and script.closings),
    }
    return [problem for problem, holds in rules.items() if not holds]
