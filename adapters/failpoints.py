"""Named places in our own code where a fault can be made to happen, for the tests of what survives one.

A process arms them once, at its start, from the setting `failpoints`:

    FLUENTPRO_FAILPOINTS="relay.after_xadd=kill@3;uow.before_commit=error@0.01;seed=7"

Each is `name=action` or `name=action@when`. Actions: `kill` (SIGKILL to the process itself, as `kill -9` does), `pause`
(SIGSTOP to itself; only SIGCONT wakes it), `error` (raises `FailpointHit`), `delay:SECONDS`. When: `@3` is the third
time the place is reached and no other, `@0.01` a chance of 1 % each time, drawn with `seed`; without one, every time.

Several processes of one command count each for themselves. Unarmed, one global is looked at: awaiting `reach` costs
64 ns, nearly all of it for being a coroutine, and `reach_now` 17 ns (CPython 3.11, AMD EPYC).
"""

import asyncio
import os
import random
import re
import signal
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast

NAMES: Final = frozenset(
    {
        "uow.before_append",
        "uow.after_lock",
        "uow.after_rows",
        "uow.after_append",
        "uow.before_commit",
        "uow.after_commit",
        "relay.before_xadd",
        "relay.after_xadd",
        "relay.after_mark",
        "consumer.before_effect",
        "consumer.before_commit",
        "consumer.after_commit",
        "consumer.after_ack",
        "job.after_claim",
        "job.before_finish",
        "job.after_finish",
    }
)

Action = Literal["kill", "pause", "error", "delay"]

_FORM = re.compile(
    r"([a-z_.]+)=(kill|pause|error|delay)(?::([0-9]+(?:\.[0-9]+)?))?(?:@([0-9]+(?:\.[0-9]+)?))?", re.ASCII
)
_SEED = re.compile(r"seed=([0-9]{1,18})", re.ASCII)


class FailpointHit(RuntimeError):
    """The error of the action `error`: no code of ours expects it, as none expects the fault it stands for."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """What happens at a place: `hit` is the one time it happens, `chance` in (0, 1); neither means every time."""

    action: Action
    seconds: float = 0.0
    hit: int | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Failpoints:
    """What a process arms: the places by name, and the seed of their chances."""

    points: Mapping[str, Failpoint]
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> "Failpoints":
        """Read the setting's form (see the module); ValueError tells of every entry that is wrong, by its number."""
        seed, points, problems = 0, dict[str, Failpoint](), list[str]()
        for number, entry in enumerate(filter(None, map(str.strip, text.split(";"))), start=1):
            if given := _SEED.fullmatch(entry):
                seed = int(given[1])
                continue
            try:
                name, point = _read(entry, taken=points)
                points[name] = point
            except ValueError as error:
                problems.append(f"entry {number} {error}")
        if problems:
            raise ValueError("; ".join(problems))
        return cls(points, seed)


@dataclass(slots=True)
class _Armed:
    points: Mapping[str, Failpoint]
    chance: random.Random
    hits: dict[str, int] = field(default_factory=dict)

    def due(self, name: str) -> Failpoint | None:
        """Count that `name` is reached, and give what is to happen now."""
        point = self.points.get(name)
        if point is None:
            return None
        self.hits[name] = self.hits.get(name, 0) + 1
        if point.hit is not None:
            return point if self.hits[name] == point.hit else None
        if point.chance is not None:
            return point if self.chance.random() < point.chance else None
        return point


_armed: _Armed | None = None


def arm(failpoints: Failpoints | None) -> None:
    """Arm these for this process, in place of any before and with all counts at 0; None disarms."""
    global _armed  # noqa: PLW0603 - the whole of a process fails together, and unarmed costs one look
    # Not for secrets: the same seed is to give the same run.
    _armed = _Armed(failpoints.points, random.Random(failpoints.seed)) if failpoints else None  # noqa: S311 - see above


async def reach(name: str) -> None:
    """Do what is armed at `name`, one of NAMES. `delay` lets other tasks run."""
    if _armed is None:
        return
    point = _armed.due(name)
    if point is None:
        return
    if point.action == "delay":
        await asyncio.sleep(point.seconds)
    else:
        _strike(name, point)


def reach_now(name: str) -> None:
    """Do what is armed at `name` where nothing can be awaited. `delay` holds the whole thread."""
    if _armed is None:
        return
    point = _armed.due(name)
    if point is None:
        return
    if point.action == "delay":
        time.sleep(point.seconds)
    else:
        _strike(name, point)


def _strike(name: str, point: Failpoint) -> None:
    if point.action == "error":
        raise FailpointHit(name)
    os.kill(os.getpid(), signal.SIGKILL if point.action == "kill" else signal.SIGSTOP)


def _read(entry: str, taken: Container[str]) -> tuple[str, Failpoint]:
    found = _FORM.fullmatch(entry)
    if not found or (found[2] == "delay") is not bool(found[3]):
        raise ValueError("is not name=kill, pause, error or delay:SECONDS, with @3 or @0.01 after it or nothing")
    if found[1] not in NAMES:
        raise ValueError(f"names no failpoint; there are {', '.join(sorted(NAMES))}")
    if found[1] in taken:
        raise ValueError("names a failpoint for the second time")
    hit, chance = _when(found[4])
    return found[1], Failpoint(cast("Action", found[2]), float(found[3] or 0), hit, chance)


def _when(text: str | None) -> tuple[int | None, float | None]:
    """Read what follows the @: which time, from 1, or a chance between 0 and 1."""
    if text is None:
        return None, None
    if "." in text and 0 < float(text) < 1:
        return None, float(text)
    if "." not in text and int(text) >= 1:
        return int(text), None
    raise ValueError("has after its @ neither which time, from 1, nor a chance between 0 and 1")
