"""The reasons for which calls are refused, read from the contract's own enum of them.

The enum is that of the field `reasons` of the method option `policy`. The comment of a value says the code, for which
methods it is, what it means, and shows the error's ErrorInfo:

    // NOT_FOUND, of any method: there is no such room.
    // `{"reason": "ROOM_NOT_FOUND", "metadata": {"room": "7"}}`
    ERROR_REASON_ROOM_NOT_FOUND = 7;
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import EnumDescriptor
from google.rpc.code_pb2 import Code

from gateway.binding import Binding
from gateway.openapi.declarations import Declaration, Declarations

_COMMENT = re.compile(r"(?P<code>[A-Z_]+)(?P<scope>, of any method[^:]*)?: (?P<text>.*)", re.DOTALL)
_EXAMPLE = re.compile(r"\s*`({.*})`\s*$", re.DOTALL)
# Nobody is there to read the first, and the second is of methods that a document does not have.
_UNSEEN = frozenset([Code.CANCELLED, Code.UNIMPLEMENTED])
_PUBLIC = "ACCESS_PUBLIC"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, as an error's ErrorInfo gives it."""

    name: str
    code: int
    """The google.rpc.Code that it comes with."""
    text: str
    metadata: dict[str, str] = field(default_factory=dict)
    """An example of ErrorInfo's metadata."""
    scope: str = ""
    """For which methods it is, such as `of any method that writes`; empty when methods name it."""

    @property
    def is_common(self) -> bool:
        """Whether methods give it without naming it."""
        return bool(self.scope)

    def concerns(self, binding: Binding, declared: Declaration) -> bool:
        """Tell whether a method gives this common reason."""
        if "not public" in self.scope:
            return _PUBLIC not in access_of(binding.policy)
        return "that writes" not in self.scope or not declared.has_no_side_effects


class Reasons:
    """All reasons of one contract; none where methods have no policy, or one without reasons."""

    def __init__(self, declarations: Declarations) -> None:
        self._declarations = declarations
        self._read: dict[str, dict[int, Reason]] = {}

    def of(self, binding: Binding, declared: Declaration) -> list[Reason]:
        """Return every reason that a method may give: its own, then the common ones."""
        enum = _enum_of(binding.policy)
        if enum is None:
            return []
        known = self._known(enum)
        own = [known[number] for number in binding.policy.reasons if number in known]
        common = [reason for reason in known.values() if reason.is_common and reason.concerns(binding, declared)]
        return list({reason.name: reason for reason in (*own, *common)}.values())

    def _known(self, enum: EnumDescriptor) -> dict[int, Reason]:
        if enum.full_name not in self._read:
            found = ((value.number, self._reason(enum, value.name)) for value in enum.values)
            self._read[enum.full_name] = {number: reason for number, reason in found if reason is not None}
        return self._read[enum.full_name]

    def _reason(self, enum: EnumDescriptor, value: str) -> Reason | None:
        comment = self._declarations.of(enum, value).comment
        match = _COMMENT.match(comment)
        if match is None or match["code"] not in Code.keys() or Code.Value(match["code"]) in _UNSEEN:  # noqa: SIM118 - no dict
            return None
        text = _EXAMPLE.sub("", match["text"]).strip()
        name = value.removeprefix(_prefix(enum))
        scope = (match["scope"] or "").strip(", ")
        return Reason(name, Code.Value(match["code"]), text, _metadata(match["text"]), scope)


def access_of(policy: Any) -> list[str]:
    """Return who may call a method with this policy, by the names of the enum; nobody when it does not say."""
    access = policy.DESCRIPTOR.fields_by_name.get("access") if policy is not None else None
    if access is None or access.enum_type is None:
        return []
    names = access.enum_type.values_by_number
    return [names[number].name for number in policy.access if number in names]


def _enum_of(policy: Any) -> EnumDescriptor | None:
    reasons = policy.DESCRIPTOR.fields_by_name.get("reasons") if policy is not None else None
    return reasons.enum_type if reasons is not None else None


def _metadata(text: str) -> dict[str, str]:
    """Return the metadata of the ErrorInfo that a comment shows; nothing when that is no JSON."""
    example = _EXAMPLE.search(text)
    try:
        metadata = json.loads(example[1]).get("metadata") if example else None
    except ValueError:
        return {}
    return {name: str(value) for name, value in metadata.items()} if isinstance(metadata, dict) else {}


def _prefix(enum: EnumDescriptor) -> str:
    """Return what the names of an enum's values begin with: `ERROR_REASON_` for `ErrorReason`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper() + "_"
