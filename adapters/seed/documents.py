"""Plain documents (of TOML, of a JSON column) turned into domain objects.

The shape of a document is that of `dataclasses.asdict`: field names as keys, tables for nested parts.
KeyError, TypeError or ValueError: the document does not have that shape.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domain.practice.scenario import CefrLevel, FollowUp, Scenario, Script, ScriptedReply, VocabularyItem

_PLAIN = (
    "id", "industry_id", "role_id", "partner_id", "situation_id", "title", "introduction", "persona", "goal",
    "opening_line",
)  # fmt: skip


def scenario_from(document: Mapping[str, Any]) -> Scenario:
    """Build a scenario from its document."""
    owner = document.get("owner_id")
    return Scenario(
        **{name: document[name] for name in _PLAIN},
        level=CefrLevel(document["level"]),
        skill_aims=tuple(document["skill_aims"]),
        language_aims=tuple(document["language_aims"]),
        vocabulary=tuple(VocabularyItem(**item) for item in document["vocabulary"]),
        targets=tuple(document["targets"]),
        script=script_from(document["script"]),
        owner_id=None if owner is None else UUID(str(owner)),
    )


def script_from(document: Mapping[str, Any]) -> Script:
    """Build a script from its document."""
    return Script(
        replies=tuple(ScriptedReply(tuple(reply["cues"]), reply["text"]) for reply in document["replies"]),
        follow_ups=tuple(
            FollowUp(tuple(follow["cues"]), follow["acknowledgement"], tuple(follow["questions"]))
            for follow in document["follow_ups"]
        ),
        fallbacks=tuple(document["fallbacks"]),
        closings=tuple(document["closings"]),
    )
