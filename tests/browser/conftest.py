"""A real Chromium, what it looks at, and what it has to say about it."""

import io
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from browser.learner import Learner
from browser.watched_page import WatchedPage
from playwright.async_api import Browser, ViewportSize, async_playwright

from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.settings import Listen, Profile, Settings
from adapters.telemetry.logs import AccessLog
from adapters.wiring import open_application
from server.asgi import AsgiApp
from server.hosting import Host, HostOptions
from server.http_app import HttpApp
from server.http_port import HttpPort
from server.service import build_service

ANY_PORT = Listen("127.0.0.1", 0)
DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=360, height=800)

_GRACE_SECONDS = 1.0  # for the ASGI server's own farewell
_NAMES = ("chromium", "chromium-browser", "google-chrome")

Open = Callable[..., Awaitable[WatchedPage]]
Serve = Callable[[AsgiApp], Awaitable[str]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the Chromium of this machine. CI has one; elsewhere its absence skips the test."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        complaint = f"no Chromium on PATH ({', '.join(_NAMES)})"
        pytest.fail(complaint) if os.environ.get("CI") else pytest.skip(complaint)
    return found


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    # Root, as in a container, has no sandbox to go into.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[Open]:
    """Open an address in a browser without a past: `await open_page(url, size=PHONE)`."""
    async with AsyncExitStack() as stack:

        async def open_page(url: str, size: ViewportSize = DESKTOP, **options: Any) -> WatchedPage:
            context = await browser.new_context(
                viewport=size, is_mobile=size is PHONE, has_touch=size is PHONE, **options
            )
            stack.push_async_callback(context.close)
            page = WatchedPage(await context.new_page())
            await page.page.goto(url)
            return page

        yield open_page


@asynccontextmanager
async def _served(app: AsgiApp) -> AsyncIterator[str]:
    port = HttpPort(HttpApp({}, app), is_shared=False)
    listen = await port.start(ANY_PORT)
    try:
        yield f"http://{listen}"
    finally:
        await port.stop(_GRACE_SECONDS)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve an ASGI application on a port of its own, and so from an origin of its own: `await serve(app)`."""
    async with AsyncExitStack() as stack:
        yield lambda app: stack.enter_async_context(_served(app))


async def _blank(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<!DOCTYPE html><title>blank</title>"})


@pytest.fixture(scope="session")
async def friend() -> AsyncIterator[str]:
    """The origin of blank pages that may call the product."""
    async with _served(_blank) as origin:
        yield origin


@pytest.fixture(scope="session")
async def stranger() -> AsyncIterator[str]:
    """The origin of blank pages that the product does not know."""
    async with _served(_blank) as origin:
        yield origin


@pytest.fixture(scope="session")
async def site(database_url: str, redis_url: str, friend: str, tmp_path_factory) -> AsyncIterator[str]:
    """The whole product on real engines; its scripted partner takes its time, so that a stream can be seen."""
    settings = Settings(
        profile=Profile.TESTING,
        data_dir=tmp_path_factory.mktemp("site"),
        scripted_word_seconds=0.1,
        cors_origins=(friend,),
    )
    async with open_application(settings, database_url, redis_url) as application:
        await seed(application.connections, read_catalog())
        host = Host(build_service(application, settings, AccessLog(io.StringIO())), HostOptions(ANY_PORT, ANY_PORT))
        await host.start()
        yield f"http://{host.http_listen}"
        await host.stop(0)


@pytest.fixture
async def learner(site: str) -> Learner:
    """Somebody who has just signed up."""
    return await Learner.new(site)
