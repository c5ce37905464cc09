"""Telling who calls a deprecated version so, counting them, and refusing them once it has ended."""

import logging
from collections.abc import Callable, Mapping

from adapters.telemetry.api_use import ApiUse
from domain.shared.errors import DomainError, ErrorKind
from gateway.deprecation import Deprecation
from gateway.image import Image
from gateway.versions import read_versions
from server.call import Call
from server.chain import Interceptor

_logger = logging.getLogger(__name__)


class ApiVersionSunset(DomainError):
    """The method's version has ended."""

    kind = ErrorKind.UNIMPLEMENTED
    reason = "API_VERSION_SUNSET"

    def __init__(self, deprecation: Deprecation) -> None:
        super().__init__(deprecation.ended, metadata=deprecation.facts)


class Deprecations(Interceptor):
    """Around the methods of deprecated versions; all others never come here.

    `now` gives the seconds since the epoch. Who calls is known by the first word of their user-agent.
    """

    def __init__(self, deprecations: Mapping[str, Deprecation], use: ApiUse, now: Callable[[], float]) -> None:
        self._by_package = deprecations
        self._use = use
        self._now = now

    def concerns(self, method: str) -> bool:
        """Tell whether the method's version is deprecated."""
        return _package_of(method) in self._by_package

    async def begin(self, call: Call) -> None:
        """Count the call and add the notice to its metadata. Raises ApiVersionSunset."""
        package = _package_of(call.method)
        deprecation = self._by_package[package]
        call.notices = deprecation.metadata
        client = self._use.client(call.headers.get("user-agent", ""))
        if self._use.count(package, call.method, client):
            _logger.warning(
                "%s calls %s, which is deprecated", client, call.method, extra={"request_id": call.request_id}
            )
        if self._now() >= deprecation.ends_at:
            raise ApiVersionSunset(deprecation)


def deprecations_of(image: Image) -> dict[str, Deprecation]:
    """Return what each deprecated package of an image says. Raises ImageError."""
    versions = read_versions(image).items()
    return {package: version.deprecation for package, version in versions if version.deprecation is not None}


def _package_of(method: str) -> str:
    return method.split("/")[1].rpartition(".")[0]
