"""What generated scenarios are to be about: what was asked for, and where it says nothing the learner's own answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, cycle, islice, zip_longest
from typing import Any

from domain.catalog.choices import available
from domain.catalog.model import CommunicationPartner, Role, RoleLevel, Situation
from domain.catalog.ports import Catalog
from domain.onboarding.errors import OnboardingIncomplete
from domain.onboarding.model import Onboarding, PartnerSelection
from domain.onboarding.steps import Step
from domain.practice.composing import Brief
from domain.practice.scenario import CefrLevel
from domain.shared.checks import Checks

DEFAULT_COUNT = 3
MAXIMUM_COUNT = 10

_LEVELS = {
    RoleLevel.ASSOCIATE: CefrLevel.B1,
    RoleLevel.SUPERVISOR: CefrLevel.B1,
    RoleLevel.MANAGER: CefrLevel.B2,
    RoleLevel.DIRECTOR: CefrLevel.C1,
}


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What a learner asks for; None is what they have answered in their onboarding."""

    role_id: str | None = None
    partner_id: str | None = None
    situation_id: str | None = None
    level: str | None = None
    count: int | None = None


def level_for(role: Role) -> CefrLevel:
    """Return the level that somebody of this role needs: the more they lead, the more they have to say."""
    return _LEVELS[role.level]


@dataclass(slots=True)
class Planner:
    """Plans scenarios for one learner. What is wrong or missing is collected, and told at once."""

    catalog: Catalog
    onboarding: Onboarding
    _check: Checks = field(default_factory=Checks)
    _missing: list[Step] = field(default_factory=list)

    async def plan(self, request: GenerationRequest) -> tuple[Brief, ...]:
        """Return a brief for each scenario. Raises InvalidRequest, OnboardingIncomplete."""
        with self._check:
            count = self._count(request.count)
            level = self._level(request.level)
            role = await self._role(request.role_id)
            pairs = await self._pairs(request)
        if self._missing or role is None:
            raise OnboardingIncomplete(tuple(self._missing))
        wanted = islice(cycle(pairs), count)
        return tuple(Brief(role, partner, situation, level or level_for(role)) for partner, situation in wanted)

    def _count(self, count: int | None) -> int:
        if count is None:
            return DEFAULT_COUNT
        if not 1 <= count <= MAXIMUM_COUNT:
            self._check.refuse("count", "OUT_OF_RANGE", f"From 1 to {MAXIMUM_COUNT} scenarios are made at once.")
        return count

    def _level(self, level: str | None) -> CefrLevel | None:
        known = [each.value for each in CefrLevel]
        if level is not None and level not in known:
            self._check.refuse("level", "UNKNOWN_VALUE", f"Not known. {available(known)}")
            return None
        return None if level is None else CefrLevel(level)

    async def _role(self, role_id: str | None) -> Role | None:
        wanted = role_id if role_id is not None else self.onboarding.role_id
        if wanted is None:
            self._missing.append(Step.ROLE_SELECTION)
            return None
        role = await self.catalog.role(wanted, self.onboarding.user_id)
        if role is None:
            self._check.refuse("role_id", "UNKNOWN_VALUE", "There is no such role.")
        return role

    async def _pairs(self, request: GenerationRequest) -> Sequence[tuple[CommunicationPartner, Situation]]:
        partners = await self._partners(request.partner_id)
        situations = await self._situations(request.situation_id)
        chosen = {one.partner_id: one for one in self.onboarding.selections}
        occasions = [list(_occasions(situations, chosen.get(partner.id), request)) for partner in partners]
        if not partners:
            self._missing.append(Step.COMMUNICATION_PARTNERS)
        if not any(occasions) and request.situation_id is None:
            self._missing.append(Step.SITUATION_SELECTION)
        pairs = ([(partner, one) for one in ones] for partner, ones in zip(partners, occasions, strict=True))
        # Each partner's first occasion, then each one's second: few scenarios are to show many partners.
        return [pair for pair in chain.from_iterable(zip_longest(*pairs)) if pair is not None]

    async def _partners(self, partner_id: str | None) -> list[CommunicationPartner]:
        listed = {partner.id: partner for partner in await self.catalog.partners()}
        own = [
            listed.get(one.partner_id, CommunicationPartner(one.partner_id, one.custom_name or one.partner_id, ""))
            for one in self.onboarding.selections
        ]
        if partner_id is None:
            return own
        return self._one("partner_id", partner_id, [*listed.values(), *own])

    async def _situations(self, situation_id: str | None) -> list[Situation]:
        listed = {situation.id: situation for situation in await self.catalog.situations()}
        own = [
            listed.get(one.situation_id, Situation(one.situation_id, one.custom_name or one.situation_id))
            for selection in self.onboarding.selections
            for one in selection.situations
        ]
        if situation_id is None:
            return list({situation.id: situation for situation in own}.values())
        return self._one("situation_id", situation_id, [*listed.values(), *own])

    def _one(self, name: str, wanted: str, known: Iterable[Any]) -> list[Any]:
        found = [each for each in known if each.id == wanted][:1]
        if not found:
            self._check.refuse(name, "UNKNOWN_VALUE", "It is neither in the catalogue nor among your own.")
        return found


def _occasions(
    situations: Iterable[Situation], chosen: PartnerSelection | None, request: GenerationRequest
) -> Iterable[Situation]:
    """Return those in which the partner is met: the one asked for, or those chosen for it; else any that is chosen."""
    if request.situation_id is not None or chosen is None or not chosen.situations:
        return situations
    by_id = {situation.id: situation for situation in situations}
    return [by_id[one.situation_id] for one in chosen.situations]
