"""Which roles fit a job, told in the learner's own words.

What a score means:

- 1.00: the job title is the role's title. 0.95: it is one of the role's aliases.
- 0.80 to 0.90: the job title contains the role's title or an alias; the more of it, the higher.
- 0.30 to 0.75: title and description share words with the role. A word counts for more in the title than
  in the description, in the role's name than in its duties, and when few other roles have it.
- Below 0.30, the floor, the words are too few to speak of a match, and the role is left out.
"""

import difflib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from domain.catalog.model import Role
from domain.catalog.terms import RANK_TERMS, normalise, spaceless, terms

MAX_MATCHES = 5
"""More than a learner reads through on one screen would not help them choose."""
FLOOR = 0.30
"""Matches below are left out: one word of the description that only the duties have gives 0.26 at most."""

_TITLE_SCORE = 1.0
_ALIAS_SCORE = 0.95
_CONTAINED_SCORE = 0.80
_CONTAINED_SPAN = 0.10
_WORDS_CEILING = 0.75
_EVIDENCE_SCALE = 0.6
"""Evidence that lifts the score to 63 % of the ceiling: about one telling word of the title."""
_NAME_STRENGTH = {"title": 1.0, "alias": 0.9, "duties": 0.5}
_DESCRIPTION_WEIGHT = 0.5
_DESCRIPTION_SHARE = 0.2
"""A description that fits has at least one word in five of the role's; with fewer, what it shares is chance."""
_RANK_WEIGHT = 0.2
_PAIR_WEIGHT = 0.6
"""A word of two or three characters gives one or two overlapping pairs."""
_TYPO_SIMILARITY = 0.82
"""difflib's ratio; one wrong letter in six still passes, "cleaner" for "planner" does not."""
_TYPO_MIN_LENGTH = 5


@dataclass(frozen=True, slots=True)
class RoleMatch:
    """A role that fits. `score` is 0..1 as the module says.

    `reasons` are stable codes: "title" and "alias" say what the job title met, "words" that title or
    description share words with the role.
    """

    role: Role
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Profile:
    title: str
    aliases: frozenset[str]
    strengths: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Rated:
    match: RoleMatch
    evidence: float


def match_roles(title: str, description: str, roles: Sequence[Role]) -> tuple[RoleMatch, ...]:
    """Give at most five of the roles, the best first; ties by evidence, then title and id."""
    profiles = {role: _profile(role) for role in roles}
    totals = _totals(profiles.values())
    title_terms = _known(terms(title), totals)
    description_terms = terms(description) - title_terms
    job = normalise(title)
    rated = [
        _rate(
            role, profile, job, _evidence(profile, title_terms, totals), _described(profile, description_terms, totals)
        )
        for role, profile in profiles.items()
    ]
    fitting = [one for one in rated if one.match.score >= FLOOR]
    fitting.sort(key=lambda one: (-one.match.score, -one.evidence, one.match.role.title, one.match.role.id))
    return tuple(one.match for one in fitting[:MAX_MATCHES])


@lru_cache(maxsize=4096)
def _profile(role: Role) -> _Profile:
    strengths: dict[str, float] = {}
    named = [("duties", role.duties), *(("alias", alias) for alias in role.aliases), ("title", role.title)]
    for field, text in named:  # the strongest field comes last and stays
        strengths.update(dict.fromkeys(terms(text), _NAME_STRENGTH[field]))
    return _Profile(normalise(role.title), frozenset(map(normalise, role.aliases)), strengths)


def _totals(profiles: Iterable[_Profile]) -> Mapping[str, float]:
    totals: defaultdict[str, float] = defaultdict(float)
    for profile in profiles:
        for term, strength in profile.strengths.items():
            totals[term] += strength
    return totals


def _known(title_terms: frozenset[str], totals: Mapping[str, float]) -> frozenset[str]:
    return frozenset(term if term in totals else _corrected(term, totals) for term in title_terms)


def _corrected(term: str, totals: Mapping[str, float]) -> str:
    if len(term) < _TYPO_MIN_LENGTH or term in RANK_TERMS or spaceless(term):
        return term
    # Slips of the pen hardly ever fall on the first letter; "dentist" is not a slip for "identity".
    candidates = [known for known in totals if known[0] == term[0]]
    return next(iter(difflib.get_close_matches(term, candidates, n=1, cutoff=_TYPO_SIMILARITY)), term)


def _evidence(profile: _Profile, query: frozenset[str], totals: Mapping[str, float]) -> float:
    shared = query & profile.strengths.keys()
    return math.fsum(_weight(term) * profile.strengths[term] ** 2 / totals[term] for term in shared)


def _described(profile: _Profile, query: frozenset[str], totals: Mapping[str, float]) -> float:
    share = len(query & profile.strengths.keys()) / max(len(query), 1)
    return _DESCRIPTION_WEIGHT * min(1.0, share / _DESCRIPTION_SHARE) * _evidence(profile, query, totals)


def _weight(term: str) -> float:
    if term in RANK_TERMS:
        return _RANK_WEIGHT
    return _PAIR_WEIGHT if spaceless(term) else 1.0


def _rate(role: Role, profile: _Profile, job: str, from_title: float, from_description: float) -> _Rated:
    name_score, name_reasons = _name_score(profile, job)
    evidence = from_title + from_description
    described = _words_score(from_description) >= FLOOR
    reasons = (*name_reasons, "words") if described or not name_reasons else name_reasons
    score = round(max(name_score, _words_score(evidence)), 3)
    return _Rated(RoleMatch(role, score, reasons), evidence)


def _words_score(evidence: float) -> float:
    return _WORDS_CEILING * (1 - math.exp(-evidence / _EVIDENCE_SCALE))


def _name_score(profile: _Profile, job: str) -> tuple[float, tuple[str, ...]]:
    if job == profile.title:
        return _TITLE_SCORE, ("title",)
    if job in profile.aliases:
        return _ALIAS_SCORE, ("alias",)
    contained = max((_contained(name, job) for name in (profile.title, *profile.aliases)), default=0.0)
    if not contained:
        return 0.0, ()
    reason = "title" if _contained(profile.title, job) == contained else "alias"
    return _CONTAINED_SCORE + _CONTAINED_SPAN * contained, (reason,)


def _contained(name: str, job: str) -> float:
    """Give the part of the job title that is this name, 0..1; whole words, and more than a mere rank."""
    found = name in job if spaceless(name) else f" {name} " in f" {job} "
    if not found or frozenset() < terms(name) <= RANK_TERMS:
        return 0.0
    return len(name) / len(job)
