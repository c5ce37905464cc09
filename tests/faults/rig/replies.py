"""What the database and the logs hold of replies, compared with what was read of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from adapters.live.keys import log_key

from .checking import torn
from .report import Report
from .stage import Stage
from .talking import Heard, Listening, Talker, has_ended, said

_GENERATION = text("SELECT * FROM generation WHERE id = :id")
_TURNS = text("SELECT * FROM turn WHERE generation_id = :id ORDER BY position")
_USAGE = text("SELECT * FROM usage WHERE generation_id = :id ORDER BY attempt")
_EVENTS = text("SELECT position, type, data FROM event_store WHERE data->>'generation_id' = :id ORDER BY position")
_OPEN = text("SELECT count(*) FROM generation WHERE status IN ('queued', 'running')")
_GAPS = text(
    "SELECT count(*) FROM (SELECT 1 FROM turn GROUP BY conversation_id"
    " HAVING count(*) <> max(position) OR count(DISTINCT position) <> count(*)) AS gaps"
)


@dataclass(slots=True)
class Reply:
    """A reply to one fact, and what one reader has heard of it, through every stream in turn."""

    number: int
    talker: Talker
    listening: Listening
    """The newest stream."""
    earlier: list[Heard] = field(default_factory=list)

    @property
    def heard(self) -> list[Heard]:
        """All events, in the order in which they came."""
        return [*self.earlier, *self.listening.heard]

    @property
    def generation(self) -> str:
        """The reply's id."""
        return self.heard[-1].cursor.partition(":")[0]

    @property
    def text(self) -> str:
        """What the reader has before them."""
        return said(self.heard)

    @property
    def is_kept(self) -> bool:
        """Whether what was read of earlier streams still stands at the beginning."""
        return self.text.startswith(said(self.earlier))

    def goes_on(self, listening: Listening) -> None:
        """Read on in another stream."""
        self.earlier = self.heard
        self.listening = listening


async def judge_replies(stage: Stage, report: Report, replies: Sequence[Reply], url: str) -> None:
    """Each reply has ended, is stored once, and as its reader has it. `url` is a server's."""
    report.facts += len(replies)
    async with stage.looking() as connection:
        stuck = int((await connection.execute(_OPEN)).scalar_one())
        gaps = int((await connection.execute(_GAPS)).scalar_one())
        misfits = await torn(connection)
    report.stuck += stuck
    report.partial += gaps + len(misfits)
    report.require(stuck == 0, f"{stuck} replies have no end")
    report.require(gaps == 0, f"the turns of {gaps} conversations are not 1 to n")
    for misfit in misfits:
        report.require(holds=False, otherwise=misfit)
    turns = {talker.conversation: await talker.turns(url) for talker in (reply.talker for reply in replies)}
    for reply in replies:
        _judge(report, reply, turns[reply.talker.conversation])


def _judge(report: Report, reply: Reply, turns: Sequence[dict[str, Any]]) -> None:
    told = [turn for turn in turns if turn["text"] == f"Fact {reply.number}"]
    report.lost += not told
    report.doubled += max(0, len(told) - 1)
    report.require(len(told) == 1, f"fact {reply.number} is there {len(told)} times")
    texts = _replies(turns, reply.generation)
    report.doubled += max(0, len(texts) - 1)
    report.require(len(texts) <= 1, f"there are {len(texts)} replies to fact {reply.number}")
    report.require(
        has_ended(reply.listening), f"reply {reply.number} ended {reply.listening.fault or 'without an end'}"
    )
    stored = texts[0] if texts else ""
    report.lost += not stored.startswith(reply.text)
    report.require(
        stored == reply.text, f"reply {reply.number} is stored as {stored[-40:]!r}, read {reply.text[-40:]!r}"
    )


def _replies(turns: Iterable[dict[str, Any]], generation: str) -> list[str]:
    is_partner = "AUTHOR_PARTNER"
    return [turn["text"] for turn in turns if turn["author"] == is_partner and turn["generation_id"] == generation]


async def log_of(stage: Stage, generation: str) -> list[Any]:
    """Return all entries of a reply's log."""
    async with stage.redis() as client:
        return list(await client.xrange(log_key(UUID(generation))))


async def rows_of(stage: Stage, generation: str) -> list[Any]:
    """Return every row that is about a reply."""
    async with stage.looking() as connection:
        found = [
            await connection.execute(query, {"id": generation}) for query in (_GENERATION, _TURNS, _USAGE, _EVENTS)
        ]
        return [tuple(row) for rows in found for row in rows]
