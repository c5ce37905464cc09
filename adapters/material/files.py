"""Reads the material that ships with the product, and refuses what does not fit together."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from domain.practice.composing import TOPIC_PARTS
from domain.practice.material import (
    CAUSE,
    EFFECT,
    PARTS,
    REMEDY,
    Courtesies,
    LevelStyle,
    Material,
    Occasion,
    Part,
    Person,
    Stance,
    Topic,
)
from domain.practice.scenario import TARGETS, VOCABULARY, CefrLevel, VocabularyItem

DATA = Path(__file__).parent / "data"

_T = TypeVar("_T")


class MaterialError(Exception):
    """A file that cannot be used; the text names it, and the problem."""


@cache
def shipped_material() -> Material:
    """Return what ships with the product; it is read once a process. Raises MaterialError."""
    return read_material(DATA)


def read_material(data: Path) -> Material:
    """Read and check all files under `data`. Raises MaterialError."""
    talk = _document(data / "talk.toml")
    material = Material(
        topics=tuple(_topics(data / "topics", talk)),
        occasions=dict(_each(data / "situations.toml", "situation", _occasion)),
        stances=dict(_each(data / "partners.toml", "partner", _stance)),
        people=tuple(person for _, person in _each(data / "people.toml", "person", lambda entry: Person(**entry))),
        levels={CefrLevel(key): style for key, style in _each(data / "levels.toml", "level", _level)},
        courtesies=_built(data / "talk.toml", talk, _courtesies),
    )
    for problem in _problems(material):
        raise MaterialError(f"{data}: {problem}")
    return material


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MaterialError(f"{path}: cannot be read: {error}") from error


def _built(path: Path, entry: Mapping[str, Any], build: Callable[[dict[str, Any]], _T]) -> _T:
    try:
        return build(dict(entry))
    except (KeyError, TypeError, ValueError) as error:
        name = entry.get("id", entry.get("title", "an entry"))
        raise MaterialError(f"{path}: {name}: {type(error).__name__}: {error}") from error


def _each(path: Path, kind: str, build: Callable[[dict[str, Any]], _T]) -> Iterator[tuple[str, _T]]:
    for entry in _document(path).get(kind, []):
        key = entry.pop("id", entry.get("name", entry.get("title")))
        yield key, _built(path, entry, build)


def _topics(folder: Path, talk: Mapping[str, Any]) -> Iterator[Topic]:
    for path in sorted(folder.glob("*.toml")):
        build = partial(_topic, path.stem, talk)
        yield from (topic for _, topic in _each(path, "topic", build))


def _topic(industry_id: str, talk: Mapping[str, Any], entry: dict[str, Any]) -> Topic:
    targets = {
        CAUSE: entry["cause_target"],
        EFFECT: "Say how much or how many it concerns",
        REMEDY: entry["remedy_target"],
    }
    first, second = entry["remedies"]
    return Topic(
        industry_id=industry_id,
        title=entry["title"],
        partners=tuple(entry["partners"]),
        matter=entry["matter"],
        cause=entry["cause"],
        effect=entry["effect"],
        remedies=(first, second),
        parts={
            part: Part(
                target=targets[part],
                cues=tuple(entry[f"{part}_cues"]),
                acknowledgement=entry[f"{part}_reply"],
                questions=(entry[f"{part}_question"], talk[f"second_{part}_question"]),
            )
            for part in TOPIC_PARTS
        },
        words=_words(entry["words"]),
    )


def _words(items: list[dict[str, str]]) -> tuple[VocabularyItem, ...]:
    return tuple(VocabularyItem(**item) for item in items)


def _part(entry: dict[str, Any]) -> Part:
    return Part(entry["target"], tuple(entry["cues"]), entry["acknowledgement"], tuple(entry["questions"]))


def _occasion(entry: dict[str, Any]) -> Occasion:
    plain = {name: entry[name] for name in ("title", "setting", "opening", "skill_aim", "language_aim")}
    return Occasion(**plain, part=_part(entry), words=_words(entry["words"]))


def _stance(entry: dict[str, Any]) -> Stance:
    word = VocabularyItem(**entry["word"])
    return Stance(entry["who"], entry["goal"], entry["skill_aim"], tuple(entry["closings"]), word)


def _level(entry: dict[str, Any]) -> LevelStyle:
    lists = {name: tuple(entry[name]) for name in ("language_aims", "fallbacks", "parts")}
    return LevelStyle(**{**entry, **lists})


def _courtesies(entry: dict[str, Any]) -> Courtesies:
    return Courtesies(
        times=tuple(entry["times"]),
        agreement=_part(entry["agreement"]),
        agreement_word=VocabularyItem(**entry["agreement"]["word"]),
        replies=tuple((tuple(reply["cues"]), reply["text"]) for reply in entry["reply"]),
        last_closing=entry["last_closing"],
    )


def _problems(material: Material) -> Iterator[str]:
    if set(material.levels) != set(CefrLevel):
        yield "each level needs its style"
    for level, style in material.levels.items():
        if not set(style.parts) <= set(PARTS) or len(style.parts) not in TARGETS or style.vocabulary not in VOCABULARY:
            yield f"level {level}: its parts or its number of words"
    if "" not in material.occasions or "" not in material.stances:
        yield 'what learners name needs an occasion and a stance, with the id ""'
    for topic in material.topics:
        unknown = set(topic.partners) - set(material.stances)
        if unknown:
            yield f"topic {topic.title!r}: no partner {', '.join(sorted(unknown))}"
