"""The practice page as its user uses it."""

from dataclasses import dataclass
from typing import Any

import httpx
from browser.watched_page import WatchedPage
from playwright.async_api import Locator, expect

PASSWORD = "harbour view at dawn"  # what `Learner.new` signs up with

_MOST_TABS = 80  # a page that needs more to get anywhere cannot be used by keyboard
_HAS_FOCUS = "element => element === document.activeElement"


@dataclass(frozen=True)
class Practitioner:
    """Somebody who has the page open."""

    shown: WatchedPage

    async def log_in(self, email: str) -> None:
        """Go through the door."""
        await self.field("E-mail address").fill(email)
        await self.field("Password").fill(PASSWORD)
        await self.button("Log in").click()
        await self.shown.page.get_by_role("heading", name="Hello").wait_for()

    async def tab_to(self, target: Locator) -> None:
        """Press Tab until `target` has the focus."""
        await target.wait_for()
        for _ in range(_MOST_TABS):
            if await target.evaluate(_HAS_FOCUS):
                return
            await self.press("Tab")
        raise AssertionError(f"no Tab leads to {target}")

    async def press(self, key: str) -> None:
        """Press a key, such as `Enter`."""
        await self.shown.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        await self.shown.page.keyboard.type(text)

    async def press_button(self, name: str) -> None:
        """Go to a button and press it, by keyboard."""
        await self.tab_to(self.button(name))
        await self.press("Enter")

    async def begin(self, scenario: str = "early_check_in") -> str:
        """Begin a conversation and return its id."""
        await self.go(f"/scenarios/{scenario}")
        await self.button("Start the conversation").click()
        await self.composer.wait_for()
        return self.shown.page.url.rpartition("/")[2]

    async def go(self, path: str) -> None:
        """Go to an address within the page."""
        await self.shown.run("path => { location.hash = path; }", path)

    async def say(self, text: str) -> None:
        """Write a message and send it."""
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def hears(self, text: str) -> None:
        """Wait until the newest that the partner says is `text`, to the letter."""
        await expect(self.partner.last).to_have_text(text, use_inner_text=False)
        assert await self.partner.last.text_content() == text

    async def texts(self) -> list[str]:
        """Return what is shown as said, in order and to the letter."""
        return await self.shown.page.locator(".turn .text").evaluate_all("texts => texts.map(text => text.textContent)")

    async def stored(self, site: str) -> list[dict[str, Any]]:
        """Return the conversation's turns as the API lists them to this learner."""
        conversation = self.shown.page.url.rpartition("/")[2]
        async with httpx.AsyncClient(base_url=site, timeout=20) as client:
            answer = await client.get(f"/api/v2/conversations/{conversation}/turns", headers=await self.bearer())
        return answer.json()["data"]["turns"]

    async def bearer(self) -> dict[str, str]:
        """Return the headers that this window calls with."""
        token = await self.shown.run("() => JSON.parse(sessionStorage.getItem('fluentpro.session')).access")
        return {"authorization": f"Bearer {token}"}

    def asked(self, part: str) -> list[str]:
        """Return the addresses of all requests so far that contain `part`."""
        return [request.url for request in self.shown.requests if part in request.url]

    def field(self, label: str) -> Locator:
        """Return a field by its label."""
        return self.shown.page.get_by_label(label)

    def button(self, name: str) -> Locator:
        """Return a button by its name."""
        return self.shown.page.get_by_role("button", name=name, exact=True)

    def heading(self, name: str) -> Locator:
        """Return a heading by its text."""
        return self.shown.page.get_by_role("heading", name=name)

    @property
    def composer(self) -> Locator:
        """Where messages are written."""
        return self.shown.page.get_by_label("Your message")

    @property
    def partner(self) -> Locator:
        """What the partner has said, word by word."""
        return self.shown.page.locator(".turn.partner .text")

    @property
    def banner(self) -> Locator:
        """What says that the connection is broken."""
        return self.shown.page.locator("#connection")

    @property
    def read_out(self) -> Locator:
        """What a screen reader says by itself."""
        return self.shown.page.locator("#said")
