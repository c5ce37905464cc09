"""The docs page as its reader uses it."""

from dataclasses import dataclass
from typing import Any

from browser.watched_page import WatchedPage
from playwright.async_api import Locator


@dataclass(frozen=True)
class DocsReader:
    """Somebody who has the page open."""

    shown: WatchedPage

    async def settle(self) -> "DocsReader":
        """Wait until the operations are there."""
        await self.shown.page.locator(".opblock").first.wait_for()
        return self

    async def authorize(self, token: str) -> None:
        """Give the page a token."""
        await self._button("Authorize").first.click()
        dialog = self.shown.page.locator(".dialog-ux")
        await dialog.locator("input").fill(token)
        await dialog.get_by_role("button", name="Apply credentials").click()
        await dialog.get_by_role("button", name="Close").first.click()

    async def open(self, operation: str) -> "OpenOperation":
        """Open an operation, such as `UserService_GetMe`, and get ready to try it."""
        block = self.shown.page.locator(f"#operations-{operation.partition('_')[0]}-{operation}")
        await block.locator(".opblock-summary-control").click()
        await block.get_by_role("button", name="Try it out").click()
        return OpenOperation(self.shown, block)

    def _button(self, name: str) -> Locator:
        return self.shown.page.get_by_role("button", name=name, exact=True)


@dataclass(frozen=True)
class OpenOperation:
    """An operation that is open, with its fields to fill in."""

    shown: WatchedPage
    block: Locator

    async def fill(self, body: str = "", **parameters: str) -> None:
        """Fill parameters in by their names, and the body."""
        for name, value in parameters.items():
            await self.block.get_by_placeholder(name, exact=True).fill(value)
        if body:
            await self.block.locator("textarea.body-param__text").fill(body)

    async def execute(self) -> None:
        """Send the request."""
        await self.block.get_by_role("button", name="Execute", exact=True).click()

    async def answer(self) -> tuple[str, str]:
        """Return status and body of the answer, once it is shown."""
        answer = self.block.locator(".live-responses-table .response")
        status = await answer.locator(".response-col_status").inner_text()
        return status.split()[0], await answer.locator(".response-col_description pre").first.inner_text()

    @property
    def events(self) -> Locator:
        """The events of a stream that have arrived."""
        return self.block.get_by_role("log").get_by_role("listitem")

    async def example(self, language: str) -> str:
        """Return the code that reads the stream, in `JavaScript` or `curl`."""
        await self.block.locator("summary").get_by_text(language, exact=True).click()
        return await self.block.locator(f".{language.lower()}-example pre").inner_text()

    async def sent_headers(self) -> dict[str, Any]:
        """Return the headers of the last request that the page made."""
        return await self.shown.requests[-1].all_headers()
