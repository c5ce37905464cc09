"""What the catalogue holds. Ids are slugs, except a custom role's, which is a UUID as text."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Language:
    """A learner's native language; one that is not `available` is listed but cannot be chosen yet."""

    id: str
    display_name: str
    available: bool


@dataclass(frozen=True, slots=True)
class Industry:
    """A line of business, such as Hotels & Hospitality."""

    id: str
    display_name: str


class RoleLevel(StrEnum):
    """Where a role stands in its company, from the lowest to the highest."""

    ASSOCIATE = "associate"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    DIRECTOR = "director"


@dataclass(frozen=True, slots=True)
class Role:
    """A job in one industry.

    `duties` is prose, `aliases` are other names of the job in any language. A role with an `owner_id`
    was made by that learner and is seen by nobody else. `version` counts its changes, from 1.
    """

    id: str
    industry_id: str
    title: str
    duties: str
    aliases: tuple[str, ...]
    level: RoleLevel
    owner_id: UUID | None = None
    version: int = 1

    @property
    def custom(self) -> bool:
        """Whether a learner made this role."""
        return self.owner_id is not None


@dataclass(frozen=True, slots=True)
class CommunicationPartner:
    """A kind of person the learner speaks with at work, and one line that says who they are."""

    id: str
    display_name: str
    description: str


@dataclass(frozen=True, slots=True)
class Situation:
    """An occasion to speak, such as a phone call; every partner has the same ones."""

    id: str
    display_name: str
