"""What a scripted partner says next: a pure function of the scenario and the talk so far."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from domain.catalog.terms import normalise, stem
from domain.practice.chat import Author, ChatMessage
from domain.practice.scenario import FollowUp, Scenario, ScriptedReply

_MAX_ACKNOWLEDGEMENTS = 2
"""Who reaches three targets in one breath hears an answer to two of them: a partner does not recite."""

_NEGATIONS = frozenset({"no", "not", "never", "cannot", "without", "t"})
"""Words that turn a cue into its opposite ("we give no refunds"); "t" is what is left of "don't"."""
_NEGATION_REACH = 4
"""How many words before a cue may deny it: "not able to give a refund". It never reaches over a comma or full stop."""
_CLAUSE_END = re.compile(r"[.,;:!?…]+(?:\s|$)")
_BREAK = "|"
"""Stands between two clauses among the words."""


def next_line(scenario: Scenario, history: Sequence[ChatMessage], unwanted: Sequence[str] = ()) -> str:
    """Give the partner's next line; `unwanted` are those that were given in its place before.

    It reacts to what the learner said last, then leads to the first target not touched yet, and closes once
    all are. No line comes twice while another is left that would do.
    """
    talk = _Talk.of(scenario, history, unwanted)
    if not talk.learner:
        return scenario.opening_line
    reaction = _reaction(scenario, talk)
    if reaction.endswith("?"):
        return reaction
    return f"{reaction} {_onward(scenario, talk, after_nothing=not reaction)}".strip()


@dataclass(frozen=True, slots=True)
class _Talk:
    learner: tuple[str, ...]
    partner: tuple[str, ...]
    touched: frozenset[int]
    just_touched: tuple[int, ...]

    @classmethod
    def of(cls, scenario: Scenario, history: Sequence[ChatMessage], unwanted: Sequence[str]) -> "_Talk":
        learner = tuple(message.text for message in history if message.author is Author.LEARNER)
        partner = tuple(message.text for message in history if message.author is Author.PARTNER)
        touched = _touched(scenario, learner)
        return cls(learner, (*partner, *unwanted), touched, tuple(sorted(touched - _touched(scenario, learner[:-1]))))

    def said(self, line: str) -> int:
        """Give the partner's latest turn that held the line, counted from 1; 0: never said."""
        turns = (turn for turn, text in enumerate(self.partner, start=1) if line in text)
        return max(turns, default=0)

    def unsaid(self, lines: Iterable[str]) -> list[str]:
        return [line for line in lines if not self.said(line)]


def _touched(scenario: Scenario, texts: Iterable[str]) -> frozenset[int]:
    said = [_Said.of(text) for text in texts]
    follow_ups = enumerate(scenario.script.follow_ups)
    return frozenset(target for target, follow_up in follow_ups if any(text.meets(follow_up.cues) for text in said))


@dataclass(frozen=True, slots=True)
class _Cue:
    """A cue ready to compare: the stems of its words, or, of the last one, its `beginning`."""

    stems: tuple[str, ...]
    beginning: str

    @classmethod
    @lru_cache(maxsize=8192)  # every line of every scenario that ships, several times over
    def of(cls, cue: str) -> "_Cue":
        words = normalise(cue).split()
        beginning = words.pop() if cue.endswith("*") else ""
        return cls(tuple(map(stem, words)), beginning)


@dataclass(frozen=True, slots=True)
class _Said:
    words: tuple[str, ...]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "_Said":
        words = tuple(f" {_BREAK} ".join(map(normalise, _CLAUSE_END.split(text))).split())
        return cls(words, tuple(map(stem, words)))

    def meets(self, cues: Iterable[str]) -> list[str]:
        """Give the cues that are met."""
        distinct = frozenset(self.stems)
        likely = [cue for cue in cues if distinct.issuperset(_Cue.of(cue).stems)]
        return [cue for cue in likely if any(self._meets(_Cue.of(cue), start) for start in range(len(self.words)))]

    def _meets(self, cue: _Cue, start: int) -> bool:
        end = start + len(cue.stems)
        if self.stems[start:end] != cue.stems or not self._begins(end, cue.beginning):
            return False
        return not self._denied(start)

    def _denied(self, at: int) -> bool:
        before = reversed(self.words[max(0, at - _NEGATION_REACH) : at])
        return not _NEGATIONS.isdisjoint(takewhile(lambda word: word != _BREAK, before))

    def _begins(self, at: int, beginning: str) -> bool:
        return not beginning or any(word.startswith(beginning) for word in self.words[at : at + 1])


def _reaction(scenario: Scenario, talk: _Talk) -> str:
    reached = [scenario.script.follow_ups[target].acknowledgement for target in talk.just_touched]
    if acknowledged := talk.unsaid(reached)[:_MAX_ACKNOWLEDGEMENTS]:
        return " ".join(acknowledged)
    return _reply(scenario.script.replies, talk)


def _reply(replies: Sequence[ScriptedReply], talk: _Talk) -> str:
    last = _Said.of(talk.learner[-1])
    met = [(last.meets(reply.cues), reply.text) for reply in replies if not talk.said(reply.text)]
    fitting = [(len(cues), max(map(len, cues)), text) for cues, text in met if cues]
    best = max(fitting, key=lambda one: one[:2], default=None)
    return "" if best is None else best[-1]


def _onward(scenario: Scenario, talk: _Talk, *, after_nothing: bool) -> str:
    script = scenario.script
    open_targets = [follow for target, follow in enumerate(script.follow_ups) if target not in talk.touched]
    if not open_targets:
        return _next_of(script.closings, talk)
    if fresh := talk.unsaid(open_targets[0].questions):
        return fresh[0]
    return _change_of_subject(open_targets, script.fallbacks if after_nothing else (), talk)


def _change_of_subject(open_targets: Sequence[FollowUp], fallbacks: Sequence[str], talk: _Talk) -> str:
    """Move on when a target's questions are used up, with a word that says one did not understand."""
    puzzled = talk.unsaid(fallbacks)
    if puzzled and puzzled[0].endswith("?"):
        return puzzled[0]
    questions = [question for follow_up in open_targets for question in follow_up.questions]
    return " ".join([*puzzled[:1], _next_of(questions, talk)])


def _next_of(lines: Sequence[str], talk: _Talk) -> str:
    """Give the first line never said; when all were, the one that lies back furthest."""
    return min(lines, key=talk.said)
