"""The lifetimes of live streams, their end when the server stops, and whom they are counted for."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest

from domain.practice.errors import TooManyStreams
from domain.practice.live_streams import ClosingReason, OpenStream
from domain.shared.clock import Clock, system_clock
from domain.shared.errors import Unavailable
from server.live_streams import FindEnded, Lifetimes, LiveStreams

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Registry:
    """Takes so many streams."""

    def __init__(self, room: int = 10) -> None:
        self.room = room
        self.opened: list[tuple[OpenStream, bool]] = []
        self.open_now = 0

    @asynccontextmanager
    async def open(self, stream: OpenStream, *, exactly: bool):
        if self.open_now == self.room:
            raise TooManyStreams(self.room)
        self.opened.append((stream, exactly))
        self.open_now += 1
        try:
            yield
        finally:
            self.open_now -= 1


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def context() -> SimpleNamespace:
    """A call, as much of it as is looked at."""
    identity = SimpleNamespace(user_id=uuid4(), session_id=uuid4())
    headers = {"user-agent": "phone/1.0"}
    return SimpleNamespace(method="/fluentpro.v2.ConversationService/Converse", identity=identity, headers=headers)


def live(
    registry: Registry, find_ended: FindEnded | None = None, clock: Clock = system_clock, **lifetimes: float
) -> LiveStreams:
    """Make streams that live long, in sessions that go on, unless something else is said."""
    return LiveStreams(
        registry, find_ended or none_ended, Lifetimes(**({"longest": 60, "idle": 60} | lifetimes)), clock
    )


async def none_ended(_session_ids):
    return ()


async def ended(ending) -> ClosingReason:
    """Wait for a stream's end."""
    told = asyncio.Event()
    ending.tell(told.set)
    async with asyncio.timeout(5):
        if ending.reason is None:
            await told.wait()
    return ending.reason


async def test_a_stream_ends_when_its_lifetime_is_over(registry, context) -> None:
    streams = live(registry, longest=0.01)
    async with streams.open(context, "") as ending:
        assert await ended(ending) is ClosingReason.STREAM_EXPIRED


async def test_a_stream_on_which_nothing_is_said_ends(registry, context) -> None:
    streams = live(registry, idle=0.01)
    async with streams.open(context, "") as ending:
        assert await ended(ending) is ClosingReason.STREAM_EXPIRED


async def test_a_stream_on_which_something_is_said_goes_on(registry, context) -> None:
    loop, streams = asyncio.get_running_loop(), live(registry, idle=0.2)
    began = loop.time()
    async with streams.open(context, "") as ending:
        while loop.time() - began < 0.4:
            ending.use()
            await asyncio.sleep(0.01)
        assert ending.reason is None
        assert await ended(ending) is ClosingReason.STREAM_EXPIRED


async def test_the_lifetimes_of_streams_opened_together_differ(registry, context) -> None:
    loop, streams = asyncio.get_running_loop(), live(registry, longest=0.2)

    async def life() -> float:
        began = loop.time()
        async with streams.open(context, "") as ending:
            await ended(ending)
        return loop.time() - began

    registry.room = 50
    lives = await asyncio.gather(*(life() for _ in range(50)))
    assert max(lives) - min(lives) > 0.005
    assert min(lives) > 0.15


async def test_streams_end_with_the_session_that_they_were_opened_in(registry, context) -> None:
    streams = live(registry)
    async with streams.open(context, "") as ending:
        streams.end_session(uuid4())
        assert ending.reason is None
        streams.end_session(context.identity.session_id)
        assert ending.reason is ClosingReason.STREAM_EXPIRED


@pytest.mark.parametrize("fault", [Unavailable("The database is away."), ValueError("a bug")])
async def test_a_session_that_ended_unheard_ends_its_streams_once_the_database_can_be_asked(
    registry, context, fault
) -> None:
    has_ended, asked = asyncio.Event(), asyncio.Event()

    async def find_ended(session_ids):
        assert session_ids == {context.identity.session_id}
        asked.set()
        if not has_ended.is_set():
            raise fault
        return session_ids

    streams = live(registry, find_ended=find_ended, check_every=0.01)
    async with streams.open(context, "") as ending:
        await asyncio.wait_for(asked.wait(), 5)
        assert ending.reason is None
        has_ended.set()
        assert await ended(ending) is ClosingReason.STREAM_EXPIRED


async def test_without_open_streams_nobody_is_asked(registry, context) -> None:
    before = asyncio.all_tasks()
    streams = live(registry)
    async with streams.open(context, ""), streams.open(context, ""):
        assert len(asyncio.all_tasks() - before) == 1
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_server_that_stops_waits_for_the_last_words_of_its_streams(registry, context) -> None:
    streams = live(registry)
    said: list[str] = []

    async def stay() -> None:
        async with streams.open(context, "") as ending:
            reason = await ended(ending)
            await asyncio.sleep(0)
            said.append(reason.value)

    staying = [asyncio.create_task(stay()) for _ in range(3)]
    async with asyncio.timeout(5):
        while registry.open_now < 3:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0)
    await streams.stop(within=5)
    assert said == ["UNAVAILABLE"] * 3
    async with streams.open(context, "") as late:
        assert late.reason is ClosingReason.UNAVAILABLE
    await asyncio.gather(*staying)


async def test_it_waits_no_longer_than_it_is_told_for_one_that_says_nothing(registry, context) -> None:
    streams = live(registry)
    async with streams.open(context, "") as ending, asyncio.timeout(5):
        await streams.stop(within=0.01)
        assert ending.reason is ClosingReason.UNAVAILABLE


async def test_with_no_stream_open_it_waits_for_nothing(registry) -> None:
    async with asyncio.timeout(5):
        await live(registry).stop(within=60)


async def test_a_stream_is_counted_for_its_user_with_what_is_known_of_it(registry, context) -> None:
    streams, conversation = live(registry, clock=lambda: NOW), uuid4()
    async with streams.counted(context, str(conversation)), streams.open(context, "no id"):
        user_id = context.identity.user_id
        assert registry.opened == [
            (OpenStream(user_id, "Converse", "phone/1.0", NOW, conversation), False),
            (OpenStream(user_id, "Converse", "phone/1.0", NOW, None), True),
        ]
    assert registry.open_now == 0


async def test_one_too_many_is_refused_before_it_is_open(context) -> None:
    streams = live(Registry(room=1))
    async with streams.open(context, ""):
        with pytest.raises(TooManyStreams):
            await streams.open(context, "").__aenter__()
        await streams.stop(within=0)
