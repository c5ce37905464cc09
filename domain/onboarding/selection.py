"""Choosing several things at once: some by their ids, some new and of the learner's own."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.catalog.choices import available
from domain.shared.checks import Checks
from domain.shared.text import line

# A name of a learner's own is 2 to 100 characters; the contract says so.
_name = line(2, 100)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many ids and how many names may come, and the fields they come in."""

    id_field: str
    name_field: str
    ids: int
    names: int


PARTNERS = Limits("partner_ids", "custom_partners", ids=10, names=5)
SITUATIONS = Limits("situation_ids", "custom_situations", ids=20, names=10)


@dataclass(frozen=True, slots=True)
class Selector:
    """Checks a choice.

    `catalogue` are the ids that anyone may choose; `own`, id to name, what the learner made and has chosen already,
    which may be chosen again.
    """

    limits: Limits
    catalogue: Collection[str]
    own: Mapping[str, str]
    new_id: Callable[[], UUID]

    def choose(self, check: Checks, ids: Sequence[str], names: Sequence[str]) -> Mapping[str, str | None]:
        """Return the id and the custom name of each thing chosen, `ids` first, in the order given.

        A name that the learner's own thing has already is that thing, so that saying the same twice changes nothing.
        What is wrong goes to `check`; the result must not be used before the end of its block.
        """
        if not ids and not names:
            check.refuse(self.limits.id_field, "REQUIRED", "Choose at least one.")
        self._check_ids(check, ids)
        cleaned = self._check_names(check, names)
        free = {name: key for key, name in self.own.items() if key not in ids}
        kept = {key: self.own.get(key) for key in ids}
        return kept | {free.pop(name, "") or str(self.new_id()): name for name in cleaned}

    def _check_ids(self, check: Checks, ids: Sequence[str]) -> None:
        field = self.limits.id_field
        if len(ids) > self.limits.ids:
            check.refuse(field, "TOO_MANY", f"At most {self.limits.ids} are allowed.")
            return
        seen = Counter[str]()
        hint = f"Not known. {available(self.catalogue)}"
        for index, key in enumerate(ids):
            seen[key] += 1
            if seen[key] > 1:
                check.refuse(f"{field}[{index}]", "DUPLICATE", "It stands there twice.")
            elif key not in self.catalogue and key not in self.own:
                check.refuse(f"{field}[{index}]", "UNKNOWN_VALUE", hint)
                hint = "Not known."

    def _check_names(self, check: Checks, names: Sequence[str]) -> Sequence[str]:
        field = self.limits.name_field
        if len(names) > self.limits.names:
            check.refuse(field, "TOO_MANY", f"At most {self.limits.names} are allowed.")
            return ()
        return [check(f"{field}[{index}]", _name, name) for index, name in enumerate(names)]


def own_names(chosen: Iterable[tuple[str, str | None]]) -> Mapping[str, str]:
    """Return, by id, the names of those that the learner made, out of the ids and custom names of all chosen."""
    return {key: name for key, name in chosen if name is not None}
