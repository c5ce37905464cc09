"""The catalogue."""

from collections.abc import Iterable

from domain.catalog import model
from domain.catalog.choices import available
from domain.catalog.matching import RoleMatch
from domain.shared.errors import InvalidRequest, Violation
from fluentpro.v1 import catalog_pb2 as pb


def language(value: model.Language) -> pb.Language:
    """Map a language."""
    return pb.Language(value=value.id, label=value.display_name)


def industry(value: model.Industry) -> pb.Industry:
    """Map an industry."""
    return pb.Industry(id=value.id, name=value.display_name)


def industry_id(industries: Iterable[model.Industry], name: str) -> str:
    """Return the id of the industry of that name, in any letter case. Raises InvalidRequest."""
    ids = {value.display_name.casefold(): value.id for value in industries}
    found = ids.get(name.strip().casefold())
    if found is None:
        message = f"Not known. {available([value.display_name for value in industries])}"
        raise InvalidRequest((Violation("industry_name", "UNKNOWN_VALUE", message),))
    return found


def role(value: model.Role, of: model.Industry) -> pb.Role:
    """Map a role of an industry."""
    return pb.Role(
        id=value.id,
        title=value.title,
        description=value.duties,
        hierarchy_level=value.level.value,
        industry=industry(of),
    )


def matched_role(match: RoleMatch, of: model.Industry) -> pb.MatchedRole:
    """Map a role that fits a description."""
    return pb.MatchedRole(
        id=match.role.id,
        title=match.role.title,
        description=match.role.duties,
        hierarchy_level=match.role.level.value,
        industry=industry(of),
        relevance_score=match.score,
    )


def partner(value: model.CommunicationPartner) -> pb.CommunicationPartner:
    """Map a communication partner of the catalogue."""
    return pb.CommunicationPartner(id=value.id, slug=value.id, name=value.display_name, description=value.description)


def unit(value: model.Situation) -> pb.Unit:
    """Map a situation."""
    return pb.Unit(id=value.id, name=value.display_name)
