"""What a user tells about themselves: how it is checked, shown and changed."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from domain.identity.errors import UserNotFound
from domain.identity.events import UserProfileUpdated
from domain.identity.model import User
from domain.identity.ports import IdentityReads, IdentityWork
from domain.shared.checks import Checks, Refused
from domain.shared.clock import Clock
from domain.shared.errors import EtagMismatch
from domain.shared.text import line

MINIMUM_AGE = 13
EARLIEST_BIRTH = date(1900, 1, 1)

_CHANGEABLE = frozenset({"full_name", "date_of_birth"})
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

parse_full_name = line(2, 100)


def parse_date_of_birth(value: str, today: date) -> date:
    """Return the date in `value` (`YYYY-MM-DD`). Raises Refused, also for who is too young for an account."""
    born = _iso_date(value)
    if born is None:
        raise Refused("INVALID_FORMAT", "A date is needed, such as 1990-12-31.")
    if born < EARLIEST_BIRTH:
        raise Refused("OUT_OF_RANGE", f"The date must not be before {EARLIEST_BIRTH.isoformat()}.")
    if (born.year + MINIMUM_AGE, born.month, born.day) > (today.year, today.month, today.day):
        raise Refused("OUT_OF_RANGE", f"The date must be at least {MINIMUM_AGE} years ago.")
    return born


def _iso_date(value: str) -> date | None:
    # date.fromisoformat knows other spellings too (19901231, 1990-W01-1), which the contract does not.
    if not _ISO_DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class GetUser:
    """Read one account."""

    reads: IdentityReads

    async def __call__(self, user_id: UUID) -> User:
        """Return the user. Raises UserNotFound."""
        async with self.reads() as repositories:
            user = await repositories.users.get(user_id)
        if user is None:
            raise UserNotFound(user_id)
        return user


@dataclass(frozen=True, slots=True)
class ProfileUpdate:
    """New values for a profile; only the fields named in `mask` are read.

    An absent or empty date of birth clears it. `etag` is the state the change is based on; empty: any.
    """

    mask: tuple[str, ...]
    full_name: str = ""
    date_of_birth: str | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class UpdateProfile:
    """Change an account's full name and date of birth. What is the same already is no change."""

    uow: Callable[[], IdentityWork]
    clock: Clock

    async def __call__(self, user_id: UUID, update: ProfileUpdate) -> User:
        """Return the user after the change. Raises InvalidRequest, UserNotFound, EtagMismatch."""
        values = _check(update, self.clock().date())
        async with self.uow() as work:
            user = await work.users.get_for_update(user_id)
            if user is None:
                raise UserNotFound(user_id)
            if update.etag and update.etag != user.etag:
                raise EtagMismatch(user.etag)
            changed = {name: value for name, value in values.items() if getattr(user, name) != value}
            if not changed:
                return user
            user = replace(user, **changed, updated_at=self.clock(), version=user.version + 1)
            await work.users.save(user)
            work.record(UserProfileUpdated(user_id=user_id, fields=tuple(changed)))
            await work.commit(user)
        return user


def _check(update: ProfileUpdate, today: date) -> dict[str, Any]:
    values: dict[str, Any] = {}
    with Checks() as check:
        if not _CHANGEABLE.issuperset(update.mask):
            check.refuse("update_mask", "INVALID_FIELD", "Only `full_name` and `date_of_birth` can be changed.")
        if "full_name" in update.mask:
            values["full_name"] = check("user.full_name", parse_full_name, update.full_name)
        if "date_of_birth" in update.mask and update.date_of_birth:
            parse = partial(parse_date_of_birth, today=today)
            values["date_of_birth"] = check("user.date_of_birth", parse, update.date_of_birth)
        elif "date_of_birth" in update.mask:
            values["date_of_birth"] = None
    return values
