"""Reads the catalogue and the scenarios that ship with the product, and refuses what does not fit together."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from adapters.seed.documents import scenario_from
from domain.catalog.model import CommunicationPartner, Industry, Language, Role, RoleLevel, Situation
from domain.catalog.terms import normalise
from domain.practice.scenario import Scenario

DATA = Path(__file__).parent / "data"
ALIASES_NEEDED = {
    "english": 8,
    "chinese_traditional": 2,
    "chinese_simplified": 2,
    "spanish": 2,
    "french": 2,
    "japanese": 2,
}
"""The least number of aliases a role needs in each language, so that matching works in all of them."""


class SeedError(Exception):
    """A data file that cannot be used; the text names the file, the entry and the problem."""


@dataclass(frozen=True, slots=True)
class CatalogData:
    """Everything that ships, each tuple in display order."""

    languages: tuple[Language, ...]
    industries: tuple[Industry, ...]
    partners: tuple[CommunicationPartner, ...]
    situations: tuple[Situation, ...]
    roles: tuple[Role, ...]
    scenarios: tuple[Scenario, ...]


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_Named)


def read_catalog(data: Path = DATA) -> CatalogData:
    """Read and check all files under `data`. SeedError: a file is missing, malformed or contradicts another."""
    industries = _read(data / "industries.toml", "industry", lambda entry: Industry(**entry))
    catalog = CatalogData(
        languages=_read(data / "languages.toml", "language", lambda entry: Language(**entry)),
        industries=industries,
        partners=_read(data / "communication_partners.toml", "partner", lambda entry: CommunicationPartner(**entry)),
        situations=_read(data / "situations.toml", "situation", lambda entry: Situation(**entry)),
        roles=_read_each(data / "roles", industries, "role", _role),
        scenarios=_read_each(data / "scenarios", industries, "scenario", scenario_from),
    )
    _check_roles(data, catalog)
    _check_scenarios(data, catalog)
    return catalog


def _read_each(
    folder: Path, industries: Iterable[Industry], kind: str, build: Callable[[Mapping[str, Any]], _Entry]
) -> tuple[_Entry, ...]:
    entries: list[_Entry] = []
    for industry in industries:
        entries += _read(_file(folder, industry.id), kind, build, industry_id=industry.id)
    _refuse_repeats(folder, entries)
    return tuple(entries)


def _file(folder: Path, industry_id: str) -> Path:
    return folder / f"{industry_id}.toml"


def _read(path: Path, kind: str, build: Callable[[Mapping[str, Any]], _Entry], **shared: str) -> tuple[_Entry, ...]:
    entries = tuple(_build(path, kind, {**entry, **shared}, build) for entry in _entries(path, kind))
    _refuse_repeats(path, entries)
    return entries


def _entries(path: Path, kind: str) -> list[dict[str, Any]]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get(kind)
    except (OSError, ValueError) as error:
        raise SeedError(f"{path}: cannot be read: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise SeedError(f"{path}: holds no [[{kind}]]")
    return entries


def _build(path: Path, kind: str, entry: Mapping[str, Any], build: Callable[[Mapping[str, Any]], _Entry]) -> _Entry:
    try:
        return build(entry)
    except KeyError as error:
        raise SeedError(f"{path}: {kind} {entry.get('id')}: {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise SeedError(f"{path}: {kind} {entry.get('id')}: {error}") from error


def _refuse_repeats(path: Path, entries: Iterable[_Named]) -> None:
    for repeated, count in Counter(entry.id for entry in entries).items():
        if count > 1:
            raise SeedError(f"{path}: {repeated} stands there {count} times")


def _role(entry: Mapping[str, Any]) -> Role:
    by_language = entry["aliases"]
    for language, needed in ALIASES_NEEDED.items():
        if len(set(by_language[language])) < needed:
            raise ValueError(f"{language} needs {needed} aliases")
    every = [alias for language in by_language.values() for alias in language]
    return Role(
        id=entry["id"],
        industry_id=entry["industry_id"],
        title=entry["title"],
        duties=entry["duties"].strip(),
        aliases=tuple(dict.fromkeys(every)),
        level=RoleLevel(entry["level"]),
    )


def _check_roles(data: Path, catalog: CatalogData) -> None:
    """Refuse a name that two roles of an industry have: an exact match would mean nothing."""
    taken: dict[tuple[str, str], str] = {}
    for role in catalog.roles:
        for name in {normalise(name) for name in (role.title, *role.aliases)}:
            holder = taken.setdefault((role.industry_id, name), role.id)
            if holder != role.id:
                path = _file(data / "roles", role.industry_id)
                raise SeedError(f"{path}: role {role.id}: {name!r} is a name of {holder} too")


def _check_scenarios(data: Path, catalog: CatalogData) -> None:
    roles = {role.id: role.industry_id for role in catalog.roles}
    partners = {partner.id for partner in catalog.partners}
    situations = {situation.id for situation in catalog.situations}
    for scenario in catalog.scenarios:
        known = {
            f"role {scenario.role_id} in this industry": roles.get(scenario.role_id) == scenario.industry_id,
            f"partner {scenario.partner_id}": scenario.partner_id in partners,
            f"situation {scenario.situation_id}": scenario.situation_id in situations,
        }
        for reference, found in known.items():
            if not found:
                path = _file(data / "scenarios", scenario.industry_id)
                raise SeedError(f"{path}: scenario {scenario.id}: no {reference}")
