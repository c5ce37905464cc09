"""Erasing users in Postgres: what is left, what happens at the same moment, and what a restored backup brings back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from fakes.identity import FakeLiveSessions, FakePasswordHasher, FakeReplyBell
from fakes.master_keys import MASTER_KEYS
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.erasure_list import ErasureList
from adapters.security.access_tokens import JwtAccessTokens
from adapters.security.checkpoint_signatures import CheckpointKeys
from adapters.security.refresh_tokens import HmacRefreshTokens
from adapters.security.signing_keys import load_or_create_signing_keys
from adapters.seed.files import read_catalog
from adapters.seed.write import seed
from adapters.sql.catalog import SqlCatalog
from adapters.sql.engine import Connections, create_engine
from adapters.sql.job_rows import add_jobs
from adapters.sql.migrations import migrate
from adapters.sql.personal_fields import opened
from adapters.sql.tables import metadata
from adapters.sql.tables.events import event_store
from adapters.sql.unit_of_work import SqlReads, SqlUnitOfWork
from adapters.sql.verification import SqlSnapshots
from domain.audit.model import StoredEvent
from domain.audit.verification import VerifyEvents
from domain.identity.erase import EraseAgain, EraseUser
from domain.identity.errors import InvalidCredentials, RefreshTokenInvalid, TokenInvalid, UserNotFound
from domain.identity.log_in import AuthenticateUser, LogIn
from domain.identity.roles import GrantRole, RevokeRole
from domain.identity.sessions import RefreshTokens, SessionTokens
from domain.identity.sign_up import RegisterUser, SignUp
from domain.onboarding.choose_role import CreateCustomUserRole
from domain.onboarding.use_cases import SelectUserIndustry
from domain.practice.conversations import StartConversation
from domain.practice.messages import Message, SendMessage
from domain.shared.clock import system_clock
from domain.shared.errors import Unavailable
from domain.shared.jobs import JobRequest, new_job
from workers.erasures import Erasures

PASSWORD = "correct horse battery"
# Nobody else's in this database.
NAME, TITLE, SAID = "Ann Lee of Erasing", "Night porter of Erasing", "Good evening, I am Ann of Erasing."

KEPT = frozenset({"event_store", "stream_head", "outbox", "erased_user", "audit_search", "job"})
"""Tables that may name an erased user: by their id alone."""


class NoRunner:
    """Starts no reply."""

    def start(self, generation) -> None:
        pass


async def stop_nothing(_generation_id) -> None:
    raise AssertionError("no message here interrupts")


class Area:
    """Use cases over one database."""

    def __init__(self, connections: Connections, folder) -> None:
        keys = load_or_create_signing_keys(folder / "keys.json")
        self.connections = connections
        self.access = JwtAccessTokens(keys, system_clock)
        self.reads = SqlReads(connections)
        self.catalog = SqlCatalog(connections)
        self.hasher = FakePasswordHasher()
        self.sessions, self.bell = FakeLiveSessions(), FakeReplyBell()
        tokens = SessionTokens(self.access, HmacRefreshTokens(keys.refresh_secret), system_clock)
        self.register = RegisterUser(self.uow, tokens, self.hasher, frozenset(), system_clock)
        self.log_in = AuthenticateUser(self.uow, self.reads, tokens, self.hasher)
        self.refresh = RefreshTokens(self.uow, tokens, self.sessions, system_clock)
        self.erase = EraseUser(self.uow, self.sessions, self.bell, system_clock)
        self.erase_again = EraseAgain(self.uow, system_clock)
        self.grant, self.revoke = GrantRole(self.uow), RevokeRole(self.uow, system_clock)
        self.select_industry = SelectUserIndustry(self.uow, self.catalog)
        self.create_role = CreateCustomUserRole(self.uow)
        self.start = StartConversation(self.uow, system_clock)
        self.send = SendMessage(self.uow, NoRunner(), stop_nothing, system_clock)

    def uow(self) -> SqlUnitOfWork:
        return SqlUnitOfWork(self.connections, system_clock, MASTER_KEYS)

    async def sign_up(self, **changes):
        email = f"{uuid4().hex}@example.com"
        return await self.register(
            SignUp(**{"email": email, "password": PASSWORD, "full_name": NAME, "accept_terms": True, **changes})
        )

    async def live(self, user_id: UUID):
        """Have a user do a bit of everything; return the reply that is under way."""
        await self.select_industry(user_id, "hotels_hospitality")
        await self.create_role(user_id, TITLE, "I keep the house at night.", "associate")
        conversation = await self.start(user_id, "early_check_in")
        generation = await self.send(user_id, Message(str(conversation.id), "m-1", SAID))
        async with self.connections.transaction() as connection:
            request = JobRequest("identity.send_welcome_mail", uuid4().hex, {"user_id": str(user_id)}, user_id)
            await add_jobs(connection, [new_job(request, system_clock())])
            await connection.commit()
        return generation

    async def rows(self, statement: str, **values):
        async with self.connections.reading() as connection:
            return [tuple(row) for row in await connection.execute(text(statement), values)]

    async def tables_with(self, needle: str) -> set[str]:
        """Return the tables in which a text stands."""
        counts = {
            table.name: await self.rows(
                f'SELECT count(*) FROM "{table.name}" AS one WHERE to_jsonb(one)::text LIKE :needle',
                needle=f"%{needle}%",
            )
            for table in metadata.sorted_tables
        }
        return {name for name, ((count,),) in counts.items() if count}

    async def event_types(self, stream_id: str) -> list[str]:
        found = await self.rows("SELECT type FROM event_store WHERE stream_id = :id ORDER BY version", id=stream_id)
        return [row[0] for row in found]


@pytest.fixture
async def area(connections, tmp_path):
    await seed(connections, read_catalog())
    return Area(connections, tmp_path)


async def test_nothing_of_an_erased_user_is_left_in_any_table_but_ids_in_the_record(area):
    user, tokens = await area.sign_up()
    generation = await area.live(user.id)
    before = await area.tables_with(str(user.id))
    assert before >= {"account", "session", "onboarding", "role", "conversation", "generation", "user_key", "job"}

    await area.erase(user.id)
    assert await area.tables_with(str(user.id)) <= KEPT
    for personal in (user.email, NAME, TITLE, SAID):
        assert await area.tables_with(personal) == set()
    assert area.bell.rung == [generation.id]
    assert area.sessions.ends == [area.access.verify(tokens.access_token).identity.session_id]
    assert (await area.event_types(f"user-{user.id}"))[-1] == "user.deleted"


async def test_what_an_erased_user_said_in_events_can_be_opened_no_more(area):
    user, _ = await area.sign_up()
    await area.live(user.id)
    before = await _personal_values(area, user.id)
    assert {NAME, user.email, SAID} <= before
    await area.erase(user.id)
    assert await _personal_values(area, user.id) == set()
    stored = str(await area.rows("SELECT data FROM event_store WHERE data::text LIKE :id", id=f"%{user.id}%"))
    assert "enc" in stored


async def _personal_values(area: Area, user_id: UUID) -> set[str]:
    """Return every personal value of the user's events that their key opens."""
    async with area.connections.reading() as connection:
        rows = (await connection.execute(event_store.select())).mappings()
        own = [StoredEvent(**row) for row in rows if str(user_id) in str(row["data"])]
        clear = await opened(connection, MASTER_KEYS, own)
    pairs = list(zip(own, clear, strict=True))
    return {data[name] for event, data in pairs for name in data if data[name] != event.data[name]} - {None}


async def test_whoever_erases_twice_at_once_is_erased_once(area):
    user, _ = await area.sign_up()
    answers = await asyncio.gather(*(area.erase(user.id) for _ in range(4)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", *["TokenInvalid"] * 3]
    assert all(answer is None or isinstance(answer, TokenInvalid) for answer in answers)
    assert (await area.event_types(f"user-{user.id}")).count("user.deleted") == 1


async def test_what_is_done_while_the_user_is_erased_is_done_or_refused_and_nothing_hangs(area):
    """Everything that writes what is the user's, ten times each, in one heap with the erasure."""
    refusals = (InvalidCredentials, UserNotFound, RefreshTokenInvalid)
    for _ in range(5):
        user, tokens = await area.sign_up()
        await area.select_industry(user.id, "hotels_hospitality")
        conversation = await area.start(user.id, "early_check_in")

        async def act(user=user, tokens=tokens, conversation=conversation):
            deeds = [
                area.create_role(user.id, TITLE, "I keep the house at night.", "associate"),
                area.log_in(LogIn(user.email, PASSWORD)),
                area.refresh(tokens.refresh_token),
                area.start(user.id, "early_check_in"),
                area.send(user.id, Message(str(conversation.id), "m-1", "Good evening.")),
                area.select_industry(user.id, "real_estate"),
            ]
            return await asyncio.gather(*deeds, return_exceptions=True)

        async with asyncio.timeout(20):
            *heap, erased = await asyncio.gather(act(), act(), act(), area.erase(user.id), return_exceptions=True)
            assert isinstance(heap[0], list)
            assert erased is None or not isinstance(erased, BaseException)
        faults = [answer for answers in heap if isinstance(answers, list) for answer in answers]
        unexpected = [fault for fault in faults if isinstance(fault, Exception) and not isinstance(fault, refusals)]
        assert [type(fault) for fault in unexpected if not _is_known(fault)] == []
        assert await area.tables_with(str(user.id)) <= KEPT


def _is_known(fault: Exception) -> bool:
    return type(fault).__name__ in {"ConversationNotFound", "GenerationInProgress"}


async def test_a_log_in_while_the_role_is_taken_gives_no_token_that_works_with_it(area):
    user, _ = await area.sign_up()
    for _ in range(10):
        await area.grant(user.email, "admin")
        logins = [area.log_in(LogIn(user.email, PASSWORD)) for _ in range(4)]
        revoked, *entered = await asyncio.gather(area.revoke(user.email, "admin"), *logins)
        assert revoked
        for _, tokens in entered:
            identity = area.access.verify(tokens.access_token).identity
            async with area.reads() as repositories:
                session = await repositories.sessions.get(identity.session_id)
            assert session.revoked_at is not None or not identity.roles


async def test_the_roles_of_an_account_are_in_its_next_tokens(area):
    user, tokens = await area.sign_up()
    assert await area.grant(user.email, "admin")
    assert not await area.grant(user.email, "admin")
    refreshed = await area.refresh(tokens.refresh_token)
    assert area.access.verify(refreshed.access_token).identity.roles == {"admin"}
    assert await area.revoke(user.email, "admin")
    with pytest.raises(RefreshTokenInvalid):
        await area.refresh(refreshed.refresh_token)
    assert (await area.event_types(f"user-{user.id}"))[-2:] == ["user.role_granted", "user.role_revoked"]
    session_id = area.access.verify(tokens.access_token).identity.session_id
    assert (await area.event_types(f"session-{session_id}"))[-1] == "session.revoked"


class Databases:
    """Databases of a test's own, one of them a copy of the other as a backup is."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._server = create_async_engine(url, isolation_level="AUTOCOMMIT")
        self._names: list[str] = []

    async def new(self, template: str = "template1") -> str:
        """Return the name of a new database."""
        name = f"test_{uuid4().hex}"
        async with self._server.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        self._names.append(name)
        return name

    @asynccontextmanager
    async def connected(self, name: str) -> AsyncIterator[Connections]:
        """Connect to one."""
        connections = Connections(create_engine(self._url.replace("/fluentpro?", f"/{name}?"), pool_size=2))
        yield connections
        await connections.close()

    async def drop(self) -> None:
        """Drop all."""
        async with self._server.connect() as connection:
            for name in self._names:
                await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await self._server.dispose()


@pytest.fixture
async def databases(engine_urls):
    databases = Databases(engine_urls.database_url)
    yield databases
    await databases.drop()


def erasures(area: Area, path, pause=asyncio.sleep) -> Erasures:
    return Erasures(area.connections, area.erase_again, ErasureList(path), pause)


async def test_a_restored_backup_erases_again(databases, tmp_path, caplog):
    original, listed = await databases.new(), tmp_path / "erasures.jsonl"
    async with databases.connected(original) as connections:
        await migrate(connections.engine)
        area = Area(connections, tmp_path)
        erased, tokens = await area.sign_up()
        stays, _ = await area.sign_up()
    backup = await databases.new(template=original)

    async with databases.connected(original) as connections:
        area = Area(connections, tmp_path)
        await area.erase(erased.id)
        assert await erasures(area, listed).list_erased() == 1
        assert await erasures(area, listed).list_erased() == 0
        assert await erasures(area, listed).erase_returned() == 0

    async with databases.connected(backup) as connections:
        area = Area(connections, tmp_path)
        assert await area.rows("SELECT id FROM account WHERE id = :id", id=erased.id), "they are back"
        assert await _personal_values(area, erased.id) == {erased.email, NAME}
        begun = asyncio.create_task(erasures(area, listed).run())
        await until_gone(area, erased.id)
        begun.cancel()
        assert await area.tables_with(str(erased.id)) <= KEPT
        assert await area.tables_with(erased.email) == set()
        assert await _personal_values(area, erased.id) == set()
        assert (await area.event_types(f"user-{erased.id}")) == ["user.registered", "user.deleted"]
        assert await area.rows("SELECT user_id FROM erased_user") == [(erased.id,)]
        assert await area.rows("SELECT id FROM account") == [(stays.id,)]
        assert await area.rows("SELECT meta->>'actor' FROM event_store WHERE type = 'user.deleted'") == [
            ("system:erasures",)
        ]
        with pytest.raises(RefreshTokenInvalid):
            await area.refresh(tokens.refresh_token)
        keys = CheckpointKeys.of(load_or_create_signing_keys(tmp_path / "keys.json").public())
        verification = await VerifyEvents(SqlSnapshots(connections), keys)()
        assert verification.valid, verification.first_bad
    assert "1 users who had been erased were back" in caplog.text


async def until_gone(area: Area, user_id: UUID) -> None:
    async with asyncio.timeout(10):
        while await area.rows("SELECT 1 FROM account WHERE id = :id", id=user_id):  # noqa: ASYNC110 - it is in no event
            await asyncio.sleep(0.02)


async def test_an_erasure_is_listed_within_seconds_and_an_outage_is_waited_for(area, tmp_path, monkeypatch):
    """The first look finds no database; the second one does what there is to do, the third lists."""
    looks: asyncio.Queue[None] = asyncio.Queue()

    async def pause(_seconds: float) -> None:
        await looks.get()

    path = tmp_path / "erasures.jsonl"
    user, _ = await area.sign_up()
    worker = erasures(area, path, pause)
    answers = iter([Unavailable("The database does not answer.")])

    async def away() -> int:
        for answer in answers:
            raise answer
        return 0

    monkeypatch.setattr(worker, "erase_returned", away)
    running = asyncio.create_task(worker.run())
    await area.erase(user.id)
    async with asyncio.timeout(10):
        while user.id not in ErasureList(path).users():
            looks.put_nowait(None)
            await asyncio.sleep(0.02)
    running.cancel()


async def test_an_erasure_that_becomes_visible_after_a_later_one_is_listed_too(area, tmp_path):
    worker = erasures(area, tmp_path / "erasures.jsonl")
    early, late = [await area.sign_up() for _ in range(2)]
    async with area.uow() as work:
        await work.erasures.erase(early[0].id, system_clock())
        await area.erase(late[0].id)
        await worker.list_erased()
        await work.commit()
    await worker.list_erased()
    assert {early[0].id, late[0].id} <= ErasureList(tmp_path / "erasures.jsonl").users()
