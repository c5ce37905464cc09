"""Jobs under load: learners have scenarios made, and each of them gets a mail; what came of it is counted."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import httpx
from sqlalchemy import ARRAY, Uuid, bindparam, text

from domain.identity.welcome import SEND_WELCOME_MAIL
from domain.practice.generation import GENERATE_SCENARIOS

from .checking import torn
from .ledger import Answer, Attempt, Ledger
from .mailbox import Mailbox, mailbox
from .processes import Process
from .report import Report
from .stage import Stage
from .waiting import until
from .writing import PATIENCE, sign_up

STUCK_SECONDS = 120.0
"""After which a job that has not ended counts as stuck."""
SCENARIOS = 3
"""How many scenarios each job makes."""

_WANTED = {"role_id": "concierge", "partner_id": "customers", "situation_id": "phone_calls", "count": SCENARIOS}
_GENERATE = "/api/v2/scenarios:generate"

_JOBS = text("SELECT id, state, attempts, crashes, failure_reason, sent_at IS NOT NULL FROM job WHERE name = :name")
_OPEN = text(
    "SELECT count(*) FROM job WHERE id = ANY (:ids) AND state NOT IN ('succeeded', 'failed', 'cancelled')"
).bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_ENDED = text("SELECT count(*) FROM job WHERE name = :name AND state IN ('succeeded', 'failed', 'cancelled')")
_COMPLETED = text("SELECT (data->>'job_id')::uuid FROM event_store WHERE type = 'scenario.generation_completed'")
_MADE = text("SELECT id FROM scenario WHERE owner_id IS NOT NULL")


@dataclass(frozen=True, slots=True)
class JobRow:
    """What is looked at of a job."""

    id: UUID
    state: str
    attempts: int
    crashes: int
    failure_reason: str | None
    is_sent: bool


@dataclass(slots=True)
class Jobs:
    """The load of one run: a fact is a job that a learner asked for and that was accepted. Made by `jobs`."""

    stage: Stage
    mail: Mailbox
    learners: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    numbers: dict[UUID, int] = field(default_factory=dict)
    _client: httpx.AsyncClient | None = None
    _tokens: list[str] = field(default_factory=list)

    async def begin(self, url: str, learners: int = 4) -> None:
        """Sign learners up at the server at `url`; each has a mail sent."""
        self._client = httpx.AsyncClient(base_url=url, timeout=PATIENCE)
        self._tokens = list(await asyncio.gather(*(sign_up(self._client) for _ in range(learners))))
        self.learners = learners

    async def close(self) -> None:
        """Let go of the server."""
        if self._client is not None:
            await self._client.aclose()

    async def ask(self, count: int, at_once: int = 8) -> list[UUID]:
        """Have so many jobs accepted, so many at a time; return their ids."""
        left = iter(range(count))

        async def one_after_the_other() -> list[UUID | None]:
            return [await self._ask() for _ in left]

        lists = await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
        return [id_ for ids in lists for id_ in ids if id_ is not None]

    def asking(self, count: int) -> "asyncio.Task[list[UUID]]":
        """Ask beside what else happens; to be awaited."""
        return asyncio.create_task(self.ask(count))

    async def _ask(self) -> UUID | None:
        assert self._client is not None
        number, began = self.ledger.begin(), time.monotonic()
        headers = {"authorization": f"Bearer {self._tokens[number % len(self._tokens)]}"}
        try:
            response = await self._client.post(_GENERATE, json=_WANTED, headers=headers)
        except httpx.TransportError as error:
            answer = Answer.HUNG if isinstance(error, httpx.TimeoutException) else Answer.CUT
            self.ledger.note(Attempt(number, answer, began, time.monotonic()))
            return None
        answer = Answer.ACKNOWLEDGED if response.is_success else Answer.REFUSED
        detail = "" if response.is_success else response.text[:300]
        self.ledger.note(Attempt(number, answer, began, time.monotonic(), response.status_code, detail))
        if not response.is_success:
            return None
        id_ = UUID(response.json()["data"]["job"]["id"])
        self.numbers[id_] = number
        return id_

    async def ended(self, ids: Iterable[UUID] | None = None, seconds: float = STUCK_SECONDS) -> float:
        """Return once these jobs, or all that were accepted, have ended: the seconds. Raises TooLong."""
        wanted = list(self.numbers if ids is None else ids)

        async def all_have() -> bool:
            async with self.stage.looking() as connection:
                return (await connection.execute(_OPEN, {"ids": wanted})).scalar_one() == 0

        return await until(all_have, f"{len(wanted)} jobs end", seconds)

    async def more_ended(self, count: int) -> None:
        """Return once so many further jobs have ended. Raises TooLong."""
        await self.ended_in_all(await self.count_ended() + count)

    async def ended_in_all(self, count: int) -> None:
        """Return once so many jobs have ended since the beginning. Raises TooLong."""

        async def have() -> bool:
            return await self.count_ended() >= count

        await until(have, f"{count} jobs end", STUCK_SECONDS)

    async def count_ended(self) -> int:
        """Count the jobs that have ended."""
        async with self.stage.looking() as connection:
            return int((await connection.execute(_ENDED, {"name": GENERATE_SCENARIOS})).scalar_one())

    async def welcomed(self, count: int | None = None, seconds: float = STUCK_SECONDS) -> float:
        """Return once so many learners, or all of them, have had their mail: the seconds. Raises TooLong."""
        wanted = self.learners if count is None else count

        async def all_have() -> bool:
            rows = await self.rows(SEND_WELCOME_MAIL)
            return len([row for row in rows if row.state == "succeeded"]) >= wanted

        return await until(all_have, f"{wanted} learners are welcomed", seconds)

    async def rows(self, name: str = GENERATE_SCENARIOS) -> Sequence[JobRow]:
        """Read the jobs of one name."""
        async with self.stage.looking() as connection:
            return [JobRow(*row) for row in await connection.execute(_JOBS, {"name": name})]

    async def judge(self, report: Report, failed: Iterable[UUID] = ()) -> None:
        """Compare what was made and sent with what was asked for; `failed` are to have failed and made nothing."""
        given_up = {self.numbers[id_] for id_ in failed}
        rows = {row.id: row for row in await self.rows()}
        async with self.stage.looking() as connection:
            completed = Counter((await connection.execute(_COMPLETED)).scalars())
            made = set((await connection.execute(_MADE)).scalars())
            misfits = await torn(connection)
        partial = _partial(completed, made) + len(misfits)
        found = [self.numbers.get(id_, 0) for id_ in completed.elements()]
        found += [number for number in given_up if number not in found]
        stuck = sum(row.state not in {"succeeded", "failed"} for row in rows.values())
        report.judge(self.ledger, self.ledger.compare(found), partial, stuck)
        wrong = {id_ for id_, row in rows.items() if (row.state == "failed") != (self.numbers.get(id_) in given_up)}
        report.require(not wrong, f"{len(wrong)} jobs ended as they should not: {_told(rows, wrong)}")
        for misfit in misfits:
            report.require(holds=False, otherwise=misfit)
        await self._judge_mail(report)

    async def _judge_mail(self, report: Report) -> None:
        """Each learner has one mail: what came twice is known to be one by its Message-ID."""
        mails = {str(row.id): row for row in await self.rows(SEND_WELCOME_MAIL)}
        lost = max(0, self.learners - len(mails)) + len(mails.keys() - self.mail.taken.keys())
        report.lost += lost
        report.require(lost == 0, f"{lost} learners had no mail")
        report.require(len(mails) <= self.learners, "somebody has two jobs for one mail")
        strange = self.mail.taken.keys() - mails.keys()
        report.require(not strange, f"{len(strange)} mails came of no job")
        often = [id_ for id_, times in self.mail.taken.items() if times > 2]
        report.require(not often, f"{len(often)} mails came more than twice")
        report.duplicates += sum(self.mail.taken.values()) - len(self.mail.taken)


def _partial(completed: Mapping[UUID, int], made: set[str]) -> int:
    """Count scenarios that are missing of a job that says it is done, and those that are there of no such job."""
    due = {str(uuid5(id_, str(number))) for id_ in completed for number in range(1, SCENARIOS + 1)}
    return len(due ^ {str(id_) for id_ in made})


def _told(rows: Mapping[UUID, JobRow], ids: set[UUID]) -> str:
    return "; ".join(f"{rows[id_].state} {rows[id_].failure_reason}" for id_ in list(ids)[:5])


@asynccontextmanager
async def jobs(stage: Stage) -> AsyncIterator[Jobs]:
    """Give the load of a run, with a mailbox; an error tells of the ledger."""
    async with mailbox() as box:
        load = Jobs(stage, box)
        try:
            yield load
        except Exception as error:
            error.add_note(load.ledger.summary())
            raise
        finally:
            await load.close()


def worker(stage: Stage, mail: Mailbox, concurrency: int = 2, queues: str = "", **settings: object) -> Process:
    """Start `celery -A workers.app worker`, for some queues alone or for all; `says(READY)` waits until it works."""
    name = f"worker{len(stage.processes)}@%h"
    words = ["-m", "celery", "-A", "workers.app", "worker", "--hostname", name, "--concurrency", str(concurrency)]
    return stage.run(*words, *(["--queues", queues] if queues else []), **mail.settings, **settings)


READY = r" ready\."
