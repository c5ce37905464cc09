"""Every handler of events there is."""

from collections.abc import Mapping
from types import MappingProxyType

from workers.handler import Handler
from workers.projections.audit_search import audit_search
from workers.projections.forget_person import forget_person
from workers.projections.onboarding_record import onboarding_record
from workers.projections.practice_record import practice_record
from workers.reactions.recommendations import recommendations
from workers.reactions.welcome_mail import welcome_mail

HANDLERS: tuple[Handler, ...] = (
    audit_search,
    onboarding_record,
    practice_record,
    forget_person,
    welcome_mail,
    recommendations,
)

INTERESTS: Mapping[str, frozenset[str]] = MappingProxyType({each.name: each.aggregates for each in HANDLERS})
"""The kinds of streams that each handler wants, by its name: what `adapters.sql.lag` asks for."""
