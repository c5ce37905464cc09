"""The event pipeline under load: numbered facts go into the store, and their effects are counted at its other end.

A fact is a turn in a role-play. `practice_record` adds turns and words up, which shows an effect that came twice, and
`audit_search` has a row an event, which shows the one that is missing.
"""

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.practice.chat import Author
from domain.practice.events import ConversationStarted, TurnAdded
from workers.handlers import INTERESTS
from workers.relay import STREAMS

from .checking import delivered, deliveries, event_ids, torn
from .ledger import Ledger
from .report import Report
from .stage import Stage
from .waiting import until
from .writing import EventOf, append_facts

CONVERSATIONS = 200
QUIET_SECONDS = 120.0
"""After which whatever is not handled yet counts as stuck: more than a takeover and every wait between tries."""
_TICK = 0.05
"""Seconds between two commits of a load."""
_LEARNER = UUID(int=1)

_HEADS = text("SELECT stream_id, version FROM stream_head")
_LAST = text("SELECT coalesce(max(position), 0) FROM outbox")
_BEHIND = text(
    """
    SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL AND position <= :position)
         + (SELECT coalesce(sum(greatest(0, head.version - coalesce(at.version, 0))), 0)
            FROM unnest(:streams, :versions) AS head (stream_id, version)
            JOIN unnest(:handlers, :kinds) AS wants (handler, kind) ON head.stream_id LIKE wants.kind || '-%'
            LEFT JOIN handler_position AS at ON at.handler = wants.handler AND at.stream_id = head.stream_id)
    """
).bindparams(
    bindparam("versions", type_=ARRAY(Integer)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("streams", "handlers", "kinds")),
)
_FOUND = text(
    "SELECT (event.data->>'position')::bigint FROM audit_search JOIN event_store AS event USING (position)"
    " WHERE event.type = 'conversation.turn_added' AND event.data->>'position' ~ '^[0-9]+$'"
)
_SUMS = text(
    """
    SELECT record.learner_turns AS turns, record.learner_words AS words, told.turns AS told, told.words AS told_words
    FROM (SELECT stream_id, count(*) AS turns, sum((data->>'words')::bigint) AS words FROM event_store
          WHERE type = 'conversation.turn_added' AND data->>'words' ~ '^[0-9]{1,6}$'
          GROUP BY stream_id) AS told
    LEFT JOIN practice_record AS record ON told.stream_id = 'conversation-' || record.conversation_id::text
    """
)
_TROUBLE = text(
    "SELECT (SELECT count(*) FROM dead_letter WHERE state IN ('dead', 'queued')) AS dead,"
    " (SELECT count(*) FROM handler_failure AS failure WHERE handler = ANY (:handlers) AND NOT EXISTS"
    "  (SELECT FROM handler_position AS passed WHERE passed.handler = failure.handler"
    "   AND passed.stream_id = failure.stream_id AND passed.version >= failure.version)) AS tried"
).bindparams(bindparam("handlers", type_=ARRAY(Text)))
_PAIRS = [(handler, kind) for handler, kinds in INTERESTS.items() for kind in sorted(kinds)]


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the store: the version of each stream, and the last position."""

    heads: Mapping[str, int]
    position: int

    @classmethod
    async def now(cls, connection: AsyncConnection) -> "Mark":
        """Take one."""
        position = int((await connection.execute(_LAST)).scalar_one())
        return cls({row.stream_id: row.version for row in await connection.execute(_HEADS)}, position)

    async def behind(self, connection: AsyncConnection) -> int:
        """Count what is left of all that was there: events to publish, and events to handle for each handler."""
        values = {
            "position": self.position,
            "streams": list(self.heads),
            "versions": list(self.heads.values()),
            "handlers": [handler for handler, _ in _PAIRS],
            "kinds": [kind for _, kind in _PAIRS],
        }
        return int((await connection.execute(_BEHIND, values)).scalar_one())


def turn_fact(number: int, conversations: int = CONVERSATIONS) -> TurnAdded:
    """Return the event that says a number, in one of so many conversations. What was said is left out."""
    return TurnAdded(
        conversation_id=UUID(int=number % conversations + 1),
        user_id=_LEARNER,
        turn_id=UUID(int=number),
        position=number,
        author=Author.LEARNER,
        partial=False,
        words=number % 997 + 1,
        text=None,
    )


@dataclass(slots=True)
class Pipeline:
    """The load of one run, and the judgement of what became of it. Made by `pipeline`."""

    stage: Stage
    conversations: int
    ledger: Ledger = field(default_factory=Ledger)

    async def append(self, count: int, event_of: EventOf | None = None, per_commit: int = 50) -> None:
        """Append so many facts, as fast as it goes: turns, unless `event_of` makes something else of a number."""
        turn = partial(turn_fact, conversations=self.conversations)
        await append_facts(self.stage.work, self.ledger, count, event_of or turn, per_commit)

    @asynccontextmanager
    async def appending(self, per_second: float) -> AsyncIterator[None]:
        """Append at this rate during the block; what goes wrong ends the block."""
        stopped = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_appending(per_second, stopped))
            try:
                yield
            finally:
                stopped.set()

    async def _keep_appending(self, per_second: float, stopped: asyncio.Event) -> None:
        began, done = time.monotonic(), 0
        while not stopped.is_set():
            due = int((time.monotonic() - began) * per_second) - done
            if due > 0:
                await self.append(min(due, 100))
                done += min(due, 100)
            await asyncio.sleep(_TICK)

    async def more(self, count: int) -> None:
        """Return once so many further facts were acknowledged, under a load."""
        enough = len(self.ledger.acknowledged) + count
        await until(lambda: len(self.ledger.acknowledged) >= enough, f"{count} more facts are appended", 60.0)

    async def mark(self) -> Mark:
        """Remember what there is now."""
        async with self.stage.looking() as connection:
            return await Mark.now(connection)

    async def caught_up(self, mark: Mark | None = None, seconds: float = QUIET_SECONDS) -> float:
        """Return once all there was at the mark (or is now) is published and handled: the seconds. Raises TooLong."""
        upto = mark or await self.mark()
        return await until(lambda: self._is_through(upto), "every event is published and handled", seconds)

    async def flows_again(self) -> float:
        """Return once facts that are appended from now on, under a load, are handled: the seconds. Raises TooLong."""
        began = time.monotonic()
        await self.more(20)
        await self.caught_up()
        return time.monotonic() - began

    async def _is_through(self, mark: Mark) -> bool:
        async with self.stage.looking() as connection:
            return await mark.behind(connection) == 0

    async def handled(self) -> float:
        """Return once every handler has all there is now, published or not: the seconds. Raises TooLong."""
        return await self.caught_up(dataclasses.replace(await self.mark(), position=0))

    async def unpublished(self) -> int:
        """Count what waits for the relay."""
        async with self.stage.looking() as connection:
            query = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
            return int((await connection.execute(query)).scalar_one())

    async def judge_effects(self, report: Report, dead: int = 0, *, is_outbox_kept: bool = True) -> None:
        """Compare what the projections hold with the ledger; `dead` letters are expected.

        Where the outbox is not kept, published events have no place in it any more.
        """
        mark = await self.mark()
        async with self.stage.looking() as connection:
            left = await mark.behind(connection)
            found = list((await connection.execute(_FOUND)).scalars())
            sums = (await connection.execute(_SUMS)).all()
            trouble = (await connection.execute(_TROUBLE, {"handlers": list(INTERESTS)})).one()
            misfits = [misfit for misfit in await torn(connection) if is_outbox_kept or "outbox" not in misfit]
        report.judge(self.ledger, self.ledger.compare(found), partial=len(misfits), stuck=left + trouble.tried)
        for misfit in misfits:
            report.require(holds=False, otherwise=misfit)
        _judge_sums(report, [(row.turns or 0, row.words or 0, row.told, row.told_words) for row in sums])
        report.require(trouble.dead == dead, f"{trouble.dead} dead letters, and {dead} should be")
        report.notes += [f"run {report.runs}: a process logged an error: {line}" for line in self._errors()]

    def _errors(self) -> Iterator[str]:
        """Tell the errors that processes logged, other than those that a failpoint raised."""
        for process in self.stage.processes:
            for line in process.log.splitlines():
                if '"level":"error"' in line and line.endswith("}") and "FailpointHit" not in line:
                    logged = json.loads(line)
                    yield f"{logged['event']} {logged.get('exception', '').strip().rpartition(chr(10))[2]}"

    async def judge_bus(self, report: Report) -> int:
        """Compare the bus, from which nothing was taken, with the store; return how many entries are repeats."""
        async with self.stage.redis() as client:
            found = delivered(await deliveries(client, STREAMS))
        async with self.stage.looking() as connection:
            stored = await event_ids(connection, ["%"])
        report.duplicates += found.duplicates
        missing = len(stored - found.events)
        report.lost += missing
        report.require(missing == 0, f"{missing} events are not on the bus")
        report.require(found.disorders == 0, f"{found.disorders} entries are out of their aggregate's order")
        return found.duplicates


def _judge_sums(report: Report, sums: Iterable[tuple[int, int, int, int]]) -> None:
    """Each conversation: turns and words as they were added up, and as the store tells them."""
    rows = list(sums)
    lost = sum(max(0, told - turns) for turns, _, told, _ in rows)
    doubled = sum(max(0, turns - told) for turns, _, told, _ in rows)
    report.lost += lost
    report.doubled += doubled
    report.require(lost == 0, f"{lost} turns were never added up")
    report.require(doubled == 0, f"{doubled} turns were added up twice")
    wrong = sum(words != told for _, words, _, told in rows)
    report.require(wrong == 0, f"the words of {wrong} conversations are not those of their turns")


@asynccontextmanager
async def pipeline(stage: Stage, conversations: int = CONVERSATIONS) -> AsyncIterator[Pipeline]:
    """Begin the conversations, and give the load; an error tells of the ledger."""
    async with stage.work() as work:
        started = (UUID(int=number + 1) for number in range(conversations))
        work.record(
            *(ConversationStarted(conversation_id=id_, user_id=_LEARNER, scenario_id="stand-up") for id_ in started)
        )
        await work.commit()
    load = Pipeline(stage, conversations)
    try:
        yield load
    except Exception as error:
        error.add_note(load.ledger.summary())
        raise
