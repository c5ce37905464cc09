"""What processes tell one another about sessions, over a real server, with it and without."""

import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fakes.identity import FakeAccessTokens, SettableClock, a_user

from adapters.security.verified_tokens import TokenVerifier
from adapters.sessions.copies import WRITE_EVERY
from adapters.sessions.keys import index_key, session_key
from adapters.sessions.live_sessions import RedisLiveSessions
from adapters.sql.sessions import SqlSessionUses
from domain.identity.access import VerifyAccessToken
from domain.identity.errors import TokenInvalid
from domain.identity.model import ACCESS_TOKEN_LIFETIME, SESSION_IDLE_LIFETIME, Identity, Session
from domain.identity.open_sessions import ListSessions, RevokeSession
from domain.shared.clock import system_clock
from domain.shared.pages import PageRequest


@dataclass
class Stage:
    """A session in the database, and as many processes as a test wants over the same two servers."""

    url: str
    connections: Any
    work: Callable[[], Any]
    reads: Callable[[], Any]
    session: Session
    clock: SettableClock
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.access = FakeAccessTokens(self.clock)
        self.copy = session_key(self.session.user_id, self.session.id)
        self.index = index_key(self.session.user_id)

    def process(self) -> "Process":
        """Start a process."""
        process = Process(self)
        self.stack.push_async_callback(process.live.close)
        return process

    def token(self) -> str:
        """Return a new access token of the session."""
        return self.access.issue(Identity(self.session.user_id, self.session.id))

    async def stored(self) -> datetime:
        """Return when the database has the session last used."""
        async with self.reads() as repositories:
            return (await repositories.sessions.get(self.session.id)).last_seen_at


class Process:
    """What one process has of sessions."""

    def __init__(self, stage: Stage) -> None:
        self._session = stage.session
        self.live = RedisLiveSessions(stage.url, SqlSessionUses(stage.connections).save, stage.clock)
        verify = VerifyAccessToken(stage.access, stage.reads, self.live, stage.clock)
        self.tokens = TokenVerifier(verify, stage.clock)
        self._list = ListSessions(stage.reads, self.live, stage.clock)
        self._revoke = RevokeSession(stage.work, self.live, stage.clock)
        self.heard: list[UUID] = []
        self.live.listen(self.tokens.forget)
        self.live.listen(self.heard.append)
        self.live.start()

    async def listed(self) -> list[Session]:
        """Return the user's sessions."""
        return list((await self._list(self._session.user_id, PageRequest())).items)

    async def revoke(self) -> None:
        """End the session."""
        await self._revoke(self._session.user_id, str(self._session.id))

    async def use(self, moment: datetime) -> None:
        """Use the session, and have that told on."""
        self.live.used(self._session.seen(moment), self._session.last_seen_at)
        await self.live.flush()


@pytest.fixture
async def stage(valkey, connections, sql_work, sql_reads) -> AsyncIterator[Stage]:
    user, clock = a_user(), SettableClock(system_clock().replace(microsecond=0))
    session = Session.opened(uuid4(), user.id, "phone", clock())
    async with sql_work() as work:
        await work.users.add(user)
        await work.sessions.add(session, secrets.token_bytes(32))
        await work.commit()
    stage = Stage(valkey.url, connections, sql_work, sql_reads, session, clock)
    async with stage.stack:
        yield stage


async def test_a_session_ended_in_one_process_is_refused_in_another_at_once(stage, until) -> None:
    here, there = stage.process(), stage.process()
    probe = uuid4()

    async def is_heard() -> bool:
        await here.live.ended(uuid4(), [probe])
        return probe in there.heard

    await until(is_heard)
    tokens = [stage.token(), stage.token()]
    for each in tokens:
        await there.tokens.identify(each)
    await here.revoke()
    await until(lambda: stage.session.id in there.heard)
    for each in tokens:
        assert there.tokens.known(each) is None
        with pytest.raises(TokenInvalid):
            await there.tokens.identify(each)


@pytest.mark.parametrize("trouble", ["killed", "stopped"])
async def test_without_the_server_it_is_refused_within_a_minute(stage, valkey, trouble) -> None:
    here, there = stage.process(), stage.process()
    token = stage.token()
    await there.tokens.identify(token)
    valkey.kill() if trouble == "killed" else valkey.signal(signal.SIGSTOP)
    started = time.monotonic()
    await here.revoke()
    assert await here.listed() == []
    assert time.monotonic() - started < 4  # two commands, each with an end to its wait
    stage.clock.advance(seconds=60)
    with pytest.raises(TokenInvalid):
        await there.tokens.identify(token)
    valkey.signal(signal.SIGCONT)


async def test_every_process_sees_a_use_before_the_database_is_told(stage, until) -> None:
    here, there = stage.process(), stage.process()
    opened = stage.clock.now
    stage.clock.advance(seconds=50)
    await here.tokens.identify(stage.token())

    async def is_seen() -> bool:
        return (await there.listed())[0].last_seen_at == stage.clock.now

    await until(is_seen)
    assert (await there.listed())[0].expires_at == stage.clock.now + SESSION_IDLE_LIFETIME
    assert await stage.stored() == opened


async def test_the_database_is_told_once_a_minute_however_many_processes_see_a_use(stage) -> None:
    opened, processes = stage.clock.now, [stage.process(), stage.process()]
    told = []
    for number in range(8):
        stage.clock.advance(seconds=20)
        process = processes[number % 2]
        await process.tokens.identify(stage.token())
        await process.live.flush()
        told.append((await stage.stored() - opened).total_seconds())
        assert stage.clock.now - await stage.stored() < WRITE_EVERY
    assert told == [0, 0, 60, 60, 60, 120, 120, 120]


async def test_without_the_server_the_database_is_told_of_every_use(stage, valkey, until) -> None:
    process = stage.process()
    valkey.kill()
    stage.clock.advance(seconds=5)
    await process.tokens.identify(stage.token())

    async def is_stored() -> bool:
        return await stage.stored() == stage.clock.now

    await until(is_stored)
    assert [each.last_seen_at for each in await process.listed()] == [stage.clock.now]


async def test_after_a_flush_sessions_live_on_and_their_copies_come_back_with_a_use(stage, until, own_redis) -> None:
    process = stage.process()
    token = stage.token()

    async def is_copied() -> bool:
        return await own_redis.hexists(stage.copy, "seen")

    stage.clock.advance(seconds=5)
    await process.tokens.identify(token)
    await until(is_copied)
    await own_redis.flushall()
    assert process.tokens.known(token) is not None
    assert [each.id for each in await process.listed()] == [stage.session.id]
    stage.clock.advance(seconds=60)
    await process.tokens.identify(token)
    await until(is_copied)


async def test_the_copy_and_its_index_end_with_the_session(stage, own_redis) -> None:
    stage.clock.advance(days=1)
    await stage.process().use(stage.clock.now)
    expiry = int(stage.session.seen(stage.clock.now).expires_at.timestamp() * 1000)
    assert await own_redis.execute_command("PEXPIRETIME", stage.copy) == expiry
    assert await own_redis.execute_command("PEXPIRETIME", stage.index) == expiry
    assert await own_redis.zrange(stage.index, 0, -1, withscores=True) == [(str(stage.session.id).encode(), expiry)]


async def test_a_use_that_comes_after_the_end_brings_no_copy_back(stage, own_redis) -> None:
    process = stage.process()
    await process.live.ended(stage.session.user_id, [stage.session.id])
    await process.use(stage.clock.now + timedelta(seconds=5))
    assert await own_redis.hgetall(stage.copy) == {b"ended": b"1"}
    assert 0 < await own_redis.pttl(stage.copy) <= ACCESS_TOKEN_LIFETIME / timedelta(milliseconds=1)
    assert await own_redis.exists(stage.index) == 0


async def test_an_earlier_use_never_takes_the_place_of_a_later_one(stage) -> None:
    here, there = stage.process(), stage.process()
    late, early = stage.clock.now + timedelta(seconds=200), stage.clock.now + timedelta(seconds=100)
    await here.use(late)
    await there.use(early)
    assert [each.last_seen_at for each in await here.listed()] == [late]
    assert await stage.stored() == late


async def test_a_process_that_stops_tells_what_it_has_noted(stage) -> None:
    process = Process(stage)
    moment = stage.clock.now + timedelta(seconds=70)
    process.live.used(stage.session.seen(moment), stage.session.last_seen_at)
    await process.live.close()
    assert await stage.stored() == moment
