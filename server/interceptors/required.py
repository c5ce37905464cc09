"""Refusing requests that lack what the contract marks as REQUIRED."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from google.protobuf.message import Message

from domain.shared.errors import InvalidRequest, Violation
from server.call import Call
from server.chain import Interceptor
from server.required_fields import RequiredFields

Check: TypeAlias = Callable[[Any], object]
"""Takes a request and writes nothing. Raises InvalidRequest with every violation it finds."""


class Required(Interceptor):
    """Looks for what is missing; where something is, everything else that is wrong is told with it.

    `checks` find that in the requests of their type.
    """

    def __init__(self, fields: RequiredFields, checks: Mapping[type[Message], Check] = MappingProxyType({})) -> None:
        self._fields = fields
        self._checks = checks

    async def begin(self, call: Call) -> None:
        """Check the request. Raises InvalidRequest, and MalformedMessage for bytes that are none."""
        request: Message | None = call.request
        if request is None:
            return
        missing = self._fields.missing(request)
        if missing:
            violations = [Violation(path, "REQUIRED", "A value is required.") for path in missing]
            raise InvalidRequest(_merge(violations, self._others(request)))

    def _others(self, request: Message) -> tuple[Violation, ...]:
        check = self._checks.get(type(request))
        if check is None:
            return ()
        try:
            check(request)
        except InvalidRequest as invalid:
            return invalid.violations
        return ()


def _merge(missing: list[Violation], others: tuple[Violation, ...]) -> tuple[Violation, ...]:
    """Put what is missing first; a field that is missing has no other fault."""
    fields = {violation.field for violation in missing}
    return (*missing, *(violation for violation in others if violation.field not in fields))
