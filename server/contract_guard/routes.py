"""Changes of HTTP routes. A new route breaks nobody: an additional binding, a method, a service."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from server.contract_guard.finding import Finding, package_of

Route: TypeAlias = dict[str, Any]


def compare_routes(baseline: list[Route], now: list[Route]) -> Iterator[Finding]:
    """Yield what breaks between two `routes` of the document.

    Paths are compared as they are written: a variable with another name is the same URL, and another parameter in the
    clients that are generated from OpenAPI.
    """
    kept = {_key(route): route for route in now}
    fresh = [route for route in now if _key(route) not in {_key(route) for route in baseline}]
    for old in baseline:
        new = kept.get(_key(old))
        changes = _changes(old, new) if new is not None else [_gone(old, fresh)]
        where = f"{old['method']} {old['path']} ({old['rpc']})"
        yield from (Finding(package_of(old["rpc"]), where, what) for what in changes)


def _key(route: Route) -> tuple[str, str]:
    return route["method"], route["path"]


def _changes(old: Route, new: Route) -> Iterator[str]:
    if old["rpc"] != new["rpc"]:
        yield f"another RPC answers: {new['rpc']}"
    for name in ("body", "response_body"):
        if old[name] != new[name]:
            yield f"{name} changed from {old[name]!r} to {new[name]!r}"


def _gone(old: Route, fresh: list[Route]) -> str:
    """Say where a route that is no longer there went, when its RPC has a new one."""
    of_rpc = [route for route in fresh if route["rpc"] == old["rpc"]]
    for new in of_rpc:
        if new["path"] == old["path"]:
            return f"the HTTP method changed from {old['method']} to {new['method']}"
    for new in of_rpc:
        return f"the path moved to {new['method']} {new['path']}"
    return "the route is gone"
