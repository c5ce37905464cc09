"""The learners' answers in Postgres."""

from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.sql.tables.onboarding import onboarding
from domain.identity.errors import UserNotFound
from domain.onboarding.model import Onboarding, PartnerSelection, SituationSelection
from domain.onboarding.steps import Step
from domain.shared.errors import ConcurrentUpdate

# Every column is named like the field it holds.
_ANSWERS = [field.name for field in fields(Onboarding) if field.name not in {"user_id", "version"}]

_GET = select(onboarding).where(onboarding.c.user_id == bindparam("id"))
_LOCK = _GET.with_for_update()
_BEGIN = insert(onboarding).on_conflict_do_nothing()
_SAVE = (
    update(onboarding)
    .where(onboarding.c.user_id == bindparam("id"), onboarding.c.version == bindparam("expected"))
    .values(version=bindparam("expected") + 1, **{name: bindparam(name) for name in _ANSWERS})
)


class SqlOnboardings:
    """Implements `domain.onboarding.ports.Onboardings`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, user_id: UUID) -> Onboarding:
        """Return the learner's onboarding; an empty one when there is none."""
        row = (await self._connection.execute(_GET, {"id": user_id})).mappings().one_or_none()
        return Onboarding(user_id) if row is None else _onboarding(row)

    async def lock(self, user_id: UUID) -> Onboarding:
        """Return it, locked. What does not exist cannot be locked, so the first time begins with an empty row."""
        row = (await self._connection.execute(_LOCK, {"id": user_id})).mappings().one_or_none()
        if row is None:
            await self._begin(user_id)
            row = (await self._connection.execute(_LOCK, {"id": user_id})).mappings().one()
        return _onboarding(row)

    async def _begin(self, user_id: UUID) -> None:
        try:
            await self._connection.execute(_BEGIN, asdict(Onboarding(user_id)))
        except IntegrityError as error:  # the only reference in an empty row is the one to the account
            raise UserNotFound(user_id) from error

    async def save(self, changed: Onboarding) -> Onboarding:
        """Write it. Raises ConcurrentUpdate."""
        answers = {name: value for name, value in asdict(changed).items() if name in _ANSWERS}
        keys = {"id": changed.user_id, "expected": changed.version}
        if (await self._connection.execute(_SAVE, answers | keys)).rowcount == 0:
            raise ConcurrentUpdate("The onboarding")
        return replace(changed, version=changed.version + 1)


def _onboarding(row: RowMapping) -> Onboarding:
    selections = tuple(_selection(one) for one in row["selections"])
    return Onboarding(**{**row, "selections": selections, "step": Step(row["step"])})


def _selection(one: dict[str, Any]) -> PartnerSelection:
    situations = tuple(SituationSelection(**situation) for situation in one["situations"])
    return PartnerSelection(one["partner_id"], one["custom_name"], situations)
