"""What the use cases of several areas are built from."""

from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from uuid import UUID

from adapters.choices import master_keys, signing_keys
from adapters.live.connections import RedisStreamRegistry
from adapters.live.conversation_bell import RedisConversationBell
from adapters.live.converse_seats import RedisConverseSeats
from adapters.live.doorbell import RedisDoorbell
from adapters.live.log_inspection import RedisReplyLogs
from adapters.live.redis_log import RedisGenerationLog
from adapters.live.surviving_log import SurvivingLog
from adapters.security.passwords import Argon2Passwords
from adapters.sessions.live_sessions import RedisLiveSessions
from adapters.settings import Settings
from adapters.sql.catalog import SqlCatalog
from adapters.sql.engine import Connections, create_engine
from adapters.sql.sessions import SqlSessionUses
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from domain.shared.clock import Clock


class Parts:
    """What several areas are built from."""

    def __init__(self, settings: Settings, database_url: str, redis_url: str, clock: Clock) -> None:
        self.clock = clock
        self.daily_tokens = settings.daily_tokens
        self.connections = Connections(create_engine(database_url, settings.database_pool_size))
        self.reads = SqlReads(self.connections)
        self.catalog = SqlCatalog(self.connections)
        self.log = SurvivingLog(RedisGenerationLog(redis_url))
        self.reply_logs = RedisReplyLogs(redis_url)
        self.doorbell = RedisDoorbell(redis_url)
        self.sessions = RedisLiveSessions(redis_url, SqlSessionUses(self.connections).save, clock)
        self.bell = RedisConversationBell(redis_url, self._versions)
        self.seats = RedisConverseSeats(redis_url)
        self.streams = RedisStreamRegistry(redis_url, settings.streams_per_user)
        self.passwords = Argon2Passwords()
        self.keys = signing_keys(settings)
        self.master = master_keys(settings)

    async def start(self, stack: AsyncExitStack) -> None:
        """Start what runs beside the calls; `stack` takes everything down."""
        stack.push_async_callback(self.connections.close)
        stack.callback(self.passwords.close)
        await self.log.start()
        self.sessions.start()
        for each in (self.log, self.reply_logs, self.doorbell, self.sessions, self.bell, self.seats, self.streams):
            stack.push_async_callback(each.close)

    def uow(self) -> SqlUnitOfWork:
        """Return a unit of work; what it commits is told to those who watch."""
        return SqlUnitOfWork(
            self.connections, self.clock, self.master, daily_tokens=self.daily_tokens, changed=self.bell.ring
        )

    async def _versions(self, conversation_ids: Collection[UUID]) -> Mapping[UUID, int]:
        async with self.reads() as reads:
            return await reads.conversations.versions(conversation_ids)
