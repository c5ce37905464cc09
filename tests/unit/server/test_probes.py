"""The probes, the metrics page, and how the HTTP port tells them from the gateway."""

import asyncio
import json
import logging
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from server.health import PATHS, HealthPages
from server.http_app import HttpApp
from server.metrics_page import MetricsPage
from server.readiness import Readiness


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Dependency:
    """Counts how often it is asked; serves until told otherwise."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


async def get(app: Any, path: str, method: str = "GET", client: Any = ("127.0.0.1", 1), headers: Any = ()) -> Any:
    sent: list[dict[str, Any]] = []
    scope = {"type": "http", "method": method, "path": path, "client": client, "headers": list(headers)}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    await app(scope, None, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database() -> Dependency:
    return Dependency()


@pytest.fixture
def readiness(database: Dependency, clock: Clock) -> Readiness:
    return Readiness({"database": database, "catalogue": Dependency()}, clock)


@pytest.fixture
def pages(readiness: Readiness) -> HealthPages:
    return HealthPages(readiness)


async def test_all_probes_are_good_when_all_checks_pass(pages) -> None:
    for path in PATHS:
        assert (await get(pages, path))[0] == 200
    body = json.loads((await get(pages, "/healthz"))[1])
    assert body == {"status": "ready", "checks": {"database": "passing", "catalogue": "passing"}}


async def test_a_failing_check_is_named_without_its_words(pages, database) -> None:
    database.error = ConnectionError("postgresql://user:hunter2@db")
    assert await get(pages, "/readyz") == (503, b'{"status": "not ready", "failing": {"database": "failing"}}')
    status, body = await get(pages, "/healthz")
    assert (status, json.loads(body)["checks"]) == (503, {"database": "failing", "catalogue": "passing"})
    assert (await get(pages, "/startupz"))[0] == 503
    assert (await get(pages, "/livez"))[0] == 200


async def test_a_process_that_was_ready_once_has_started(pages, database, clock) -> None:
    assert (await get(pages, "/startupz"))[0] == 200
    database.error = ConnectionError()
    clock.now = 2
    assert (await get(pages, "/startupz"))[0] == 200
    assert (await get(pages, "/readyz"))[0] == 503


async def test_a_check_that_hangs_times_out_beside_the_others(monkeypatch) -> None:
    monkeypatch.setattr("server.readiness.TIMEOUT_SECONDS", 0.01)
    readiness = Readiness({"log": asyncio.Event().wait, "catalogue": Dependency()})
    assert (await readiness.report()).outcomes == {"log": "timed out", "catalogue": "passing"}


async def test_what_one_can_do_without_is_told_and_does_not_count() -> None:
    away = Dependency()
    away.error = ConnectionError()
    pages = HealthPages(Readiness({"database": Dependency(), "log": away}, dispensable={"log"}))
    status, body = await get(pages, "/readyz")
    assert (status, json.loads(body)) == (200, {"status": "degraded"})
    status, body = await get(pages, "/healthz")
    assert (status, json.loads(body)) == (
        200,
        {"status": "degraded", "checks": {"database": "passing", "log": "failing"}},
    )


async def test_outcomes_hold_for_a_second(pages, database, clock) -> None:
    for _ in range(3):
        await get(pages, "/readyz")
    assert database.asked == 1
    clock.now = 1
    await get(pages, "/readyz")
    assert database.asked == 2


async def test_probes_at_once_ask_once(pages, database) -> None:
    await asyncio.gather(*(get(pages, "/readyz") for _ in range(5)))
    assert database.asked == 1


async def test_a_prober_that_leaves_takes_nothing_from_the_others(readiness, database) -> None:
    leaving = asyncio.create_task(readiness.report())
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await readiness.report()).is_ready
    assert database.asked == 1


async def test_a_process_that_stops_is_not_ready_and_still_live(pages, readiness) -> None:
    readiness.stop()
    status, body = await get(pages, "/readyz")
    assert (status, json.loads(body)["status"]) == (503, "stopping")
    assert (await get(pages, "/livez"))[0] == 200


async def test_probes_are_read_and_never_written(pages) -> None:
    assert await get(pages, "/readyz", "HEAD") == (200, b"")
    assert (await get(pages, "/readyz", "POST"))[0] == 405


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_reads_the_metrics(host: str) -> None:
    registry = CollectorRegistry()
    Counter("cups", "Cups of tea.", registry=registry).inc()
    status, body = await get(MetricsPage(registry), "/metrics", client=(host, 1))
    assert (status, b"cups_total 1.0" in body) == (200, True)


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        (("192.0.2.1", 1), []),
        (("::ffff:192.0.2.1", 1), []),
        (("strange", 1), []),
        (None, []),
        (("127.0.0.1", 1), [(b"x-forwarded-for", b"192.0.2.1")]),
        (("127.0.0.1", 1), [(b"Forwarded", b"for=192.0.2.1")]),
    ],
)
async def test_to_others_there_are_no_metrics(client: Any, headers: Any) -> None:
    assert (await get(MetricsPage(CollectorRegistry()), "/metrics", client=client, headers=headers))[0] == 404


async def test_metrics_are_not_written() -> None:
    assert (await get(MetricsPage(CollectorRegistry()), "/metrics", "POST"))[0] == 404


async def test_other_paths_and_websockets_are_the_gateways() -> None:
    seen = []

    async def gateway(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    app = HttpApp({"/livez": HealthPages(Readiness({}))}, gateway)
    assert (await get(app, "/livez"))[0] == 200
    await app({"type": "http", "path": "/livez/more"}, None, None)
    await app({"type": "websocket", "path": "/livez"}, None, None)
    assert seen == ["http", "websocket"]


async def test_a_check_that_fails_and_passes_again_is_a_line_each(caplog: pytest.LogCaptureFixture) -> None:
    now, fails = [0.0], [True]

    async def check() -> None:
        if fails[0]:
            raise ConnectionError("no way")

    readiness = Readiness({"database": check}, clock=lambda: now[0])
    with caplog.at_level(logging.INFO):
        for second, state in enumerate([True, True, False, False]):
            now[0], fails[0] = 10.0 * second, state
            await readiness.report()
    assert [record.getMessage() for record in caplog.records] == [
        "the check 'database' does not pass: ConnectionError: no way",
        "the check 'database' passes again",
    ]
