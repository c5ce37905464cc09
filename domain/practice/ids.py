"""The ids that callers send: one that cannot be ours is answered like one that is not."""

import re
from uuid import UUID

from domain.practice.errors import ConversationNotFound, GenerationNotFound, ScenarioNotFound, TurnNotFound

# How we write a UUID; Python's parser also takes braces, `urn:uuid:` and missing hyphens.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Longer than any slug of the catalogue and than a UUID.
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,100}")


def parse_conversation_id(text: str) -> UUID:
    """Return the id. Raises ConversationNotFound."""
    if _UUID.fullmatch(text) is None:
        raise ConversationNotFound(text)
    return UUID(text)


def parse_generation_id(text: str) -> UUID:
    """Return the id. Raises GenerationNotFound."""
    if _UUID.fullmatch(text) is None:
        raise GenerationNotFound(text)
    return UUID(text)


def parse_turn_id(text: str) -> UUID:
    """Return the id. Raises TurnNotFound."""
    if _UUID.fullmatch(text) is None:
        raise TurnNotFound(text)
    return UUID(text)


def parse_scenario_id(text: str) -> str:
    """Return the id. Raises ScenarioNotFound."""
    if _SLUG.fullmatch(text) is None:
        raise ScenarioNotFound(text)
    return text
