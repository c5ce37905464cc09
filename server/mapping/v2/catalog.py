"""The catalogue."""

from domain.catalog import model
from fluentpro.v2 import catalog_pb2

_LEVELS = {level: catalog_pb2.RoleLevel.Value(f"ROLE_LEVEL_{level.name}") for level in model.RoleLevel}
_LEVELS_BACK: dict[int, model.RoleLevel] = {value: level for level, value in _LEVELS.items()}


def language(value: model.Language) -> catalog_pb2.Language:
    """Map a language."""
    return catalog_pb2.Language(id=value.id, display_name=value.display_name, available=value.available)


def industry(value: model.Industry) -> catalog_pb2.Industry:
    """Map an industry."""
    return catalog_pb2.Industry(id=value.id, display_name=value.display_name)


def role(value: model.Role) -> catalog_pb2.Role:
    """Map a role."""
    return catalog_pb2.Role(
        id=value.id,
        industry_id=value.industry_id,
        title=value.title,
        duties=value.duties,
        aliases=value.aliases,
        level=_LEVELS[value.level],
        custom=value.custom,
        etag=str(value.version),
    )


def role_level(value: int) -> str:
    """Map a level back; empty for one that is unspecified or unknown."""
    level = _LEVELS_BACK.get(value)
    return level.value if level else ""


def partner(value: model.CommunicationPartner, *, custom: bool = False) -> catalog_pb2.CommunicationPartner:
    """Map a communication partner."""
    return catalog_pb2.CommunicationPartner(
        id=value.id, display_name=value.display_name, description=value.description, custom=custom
    )


def situation(value: model.Situation, *, custom: bool = False) -> catalog_pb2.Situation:
    """Map a situation."""
    return catalog_pb2.Situation(id=value.id, display_name=value.display_name, custom=custom)
