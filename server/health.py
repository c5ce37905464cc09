"""Health as HTTP probes ask for it.

`/livez`: the loop runs, so do not restart it. `/startupz`: it has been ready once. `/readyz`: send it requests, even
if it is degraded. `/healthz`: the same, with every check in it.
"""

import json
from collections.abc import Mapping

from server.asgi import Receive, Scope, Send, respond
from server.readiness import DEGRADED, PASSING, STOPPING, Readiness, Report

PATHS = frozenset(["/livez", "/readyz", "/startupz", "/healthz"])


class HealthPages:
    """An ASGI application for PATHS."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one probe: 200, or 503 with what fails."""
        if scope["method"] not in ("GET", "HEAD"):
            await respond(scope, send, 405, "application/json", b'{"status": "method not allowed"}')
            return
        is_good, body = await self._look(scope["path"])
        await respond(scope, send, 200 if is_good else 503, "application/json", json.dumps(body).encode())

    async def _look(self, path: str) -> tuple[bool, Mapping[str, object]]:
        if path == "/livez":
            return True, {"status": "live"}
        report = await self._readiness.report()
        if path == "/startupz":
            has_started = self._readiness.has_started
            return has_started, {"status": "started"} if has_started else _failing(report)
        if path == "/healthz":
            return report.is_ready, {"status": _word(report), "checks": dict(report.outcomes)}
        return report.is_ready, {"status": _word(report)} if report.is_ready else _failing(report)


def _word(report: Report) -> str:
    if report.is_stopping:
        return STOPPING
    if not report.is_ready:
        return "not ready"
    return DEGRADED if report.is_degraded else "ready"


def _failing(report: Report) -> Mapping[str, object]:
    failing = {name: outcome for name, outcome in report.outcomes.items() if outcome != PASSING}
    return {"status": _word(report), "failing": failing}
