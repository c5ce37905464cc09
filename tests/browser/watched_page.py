"""A page of the browser, with everything it asked for and everything it complained about."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Page, Request


@dataclass
class WatchedPage:
    """`page` is Playwright's; what it does is noted from its first request on."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, and exceptions that nobody caught."""

    def __post_init__(self) -> None:
        self.page.on("request", self._note)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def foreign_requests(self) -> list[str]:
        """Every address that the page asked for beyond its own origin."""
        own = urlsplit(self.page.url).netloc
        asked = [urlsplit(request.url) for request in self.requests]
        return [url.geturl() for url in asked if url.scheme not in ("data", "blob") and url.netloc != own]

    async def run(self, script: str, argument: Any = None) -> Any:
        """Run a JavaScript function in the page and return what it returns."""
        return await self.page.evaluate(script, argument)

    async def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(await self.run("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)
