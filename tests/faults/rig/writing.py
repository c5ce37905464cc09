"""The drivers: numbered facts, written through the product's own API, or fast through its unit of work."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Protocol
from uuid import UUID, uuid4

import httpx

from domain.identity.events import UserProfileUpdated
from domain.shared.events import Event

from .ledger import Answer, Attempt, Ledger

PATIENCE = 40.0
"""Seconds after which a request counts as hung: more than the longest deadline of a call."""

_FACT = "Fact "


class Writers:
    """Learners who write facts by HTTP: each fact is a role of their own, titled `Fact 17`. Made by `writers`.

    One fact is one transaction: a row in `role`, one changed in `onboarding`, and events that name the role.
    """

    def __init__(self, client: httpx.AsyncClient, tokens: Sequence[str], ledger: Ledger) -> None:
        self._client = client
        self._tokens = tokens
        self.ledger = ledger

    async def write(self, url: str = "") -> Attempt:
        """Write one fact, as the next learner in turn, and note how it ended. `url` is another server's."""
        number, began = self.ledger.begin(), time.monotonic()
        answer, status, detail = await self._post(number, url)
        attempt = Attempt(number, answer, began, time.monotonic(), status, detail)
        self.ledger.note(attempt)
        return attempt

    async def write_many(self, count: int, at_once: int = 8) -> None:
        """Write so many facts, so many at a time."""
        left = iter(range(count))

        async def one_after_the_other() -> None:
            for _ in left:
                await self.write()

        await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))

    @asynccontextmanager
    async def writing(self, per_second: float) -> AsyncIterator[None]:
        """Write at this rate during the block, whether or not the answers keep up; then wait for all of them."""
        stopped = asyncio.Event()
        load = asyncio.create_task(self._keep_writing(per_second, stopped))
        try:
            yield
        finally:
            stopped.set()
            await load

    async def _keep_writing(self, per_second: float, stopped: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as requests:
            while not stopped.is_set():
                requests.create_task(self.write())
                await asyncio.sleep(1 / per_second)

    async def _post(self, number: int, url: str) -> tuple[Answer, int, str]:
        token = self._tokens[number % len(self._tokens)]
        headers = {"authorization": f"Bearer {token}"}
        try:
            response = await self._client.post(f"{url}/api/v2/onboarding/roles", json=role_of(number), headers=headers)
        except httpx.TimeoutException:
            return Answer.HUNG, 0, ""
        except httpx.TransportError:
            return Answer.CUT, 0, ""
        if response.is_success:
            return Answer.ACKNOWLEDGED, response.status_code, ""
        return Answer.REFUSED, response.status_code, response.text[:300]


@asynccontextmanager
async def writers(url: str, count: int = 8) -> AsyncIterator[Writers]:
    """Sign so many learners up at the server at `url` and give them; their access tokens last for ten minutes."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits) as client:
        driver = Writers(client, [await sign_up(client) for _ in range(count)], Ledger())
        try:
            yield driver
        except Exception as error:
            error.add_note(driver.ledger.summary())
            raise


def role_of(number: int) -> dict[str, str]:
    """Return the role that says a number, as the API takes it."""
    return {
        "title": f"{_FACT}{number}",
        "description": "Writes down what happened.",
        "level": "ROLE_LEVEL_ASSOCIATE",
    }


def number_of(title: str) -> int | None:
    """Return the number of the fact that a role's title tells, if it tells one."""
    number = title.removeprefix(_FACT)
    return int(number) if title.startswith(_FACT) and number.isdigit() else None


async def sign_up(client: httpx.AsyncClient, url: str = "") -> str:
    """Sign somebody up who works in a hotel, and return the access token. `url` is another server's."""
    terms = {"email": f"{uuid4().hex}@example.com", "password": "harbour view at dawn", "accept_terms": True}
    answer = await client.post(f"{url}/api/v2/auth/signup", json={**terms, "full_name": "Mei Chan"})
    token = answer.raise_for_status().json()["data"]["tokens"]["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    chosen = await client.put(
        f"{url}/api/v2/onboarding/industry", json={"industry_id": "hotels_hospitality"}, headers=headers
    )
    chosen.raise_for_status()
    return str(token)


class Work(Protocol):
    """What the fast driver needs of a unit of work."""

    def record(self, *events: Event) -> None:
        """Have `commit` append these."""
        ...

    async def commit(self) -> None:
        """Append them and commit."""
        ...


EventOf = Callable[[int], Event]
"""Makes the event that says a number."""


def profile_fact(number: int, aggregates: int = 200) -> UserProfileUpdated:
    """Return an event that says a number, in the stream of one of so many users."""
    return UserProfileUpdated(user_id=UUID(int=number % aggregates + 1), fields=(f"{_FACT}{number}",))


async def append_facts(
    work: Callable[[], AbstractAsyncContextManager[Work]],
    ledger: Ledger,
    count: int,
    event_of: EventOf = profile_fact,
    per_commit: int = 50,
) -> None:
    """Append so many events through units of work, `per_commit` in each; what one raises ends it.

    20,000 take some 12 s on one connection. Every event is acknowledged by its commit.
    """
    while count > 0:
        numbers = [ledger.begin() for _ in range(min(per_commit, count))]
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            unit = await stack.enter_async_context(work())
            unit.record(*map(event_of, numbers))
            await unit.commit()
        for number in numbers:
            ledger.note(Attempt(number, Answer.ACKNOWLEDGED, began, time.monotonic()))
        count -= len(numbers)
