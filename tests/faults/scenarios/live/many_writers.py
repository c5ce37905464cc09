"""R27: many who write in one conversation at once."""

import asyncio
import random

from sqlalchemy import text

from tests.faults.rig.plan import Scenario
from tests.faults.rig.provider import provider
from tests.faults.rig.replies import Reply, judge_replies
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.talking import Talker, talkers

_VERSIONS = text("SELECT version FROM conversation WHERE id = :id")
_CHANGES = text(
    "SELECT version FROM turn WHERE conversation_id = :id UNION ALL"
    " SELECT version FROM generation WHERE conversation_id = :id"
)
_OTHER_IS_SPOKEN = "GENERATION_IN_PROGRESS"
_LONGEST_PAUSE = 1.0


async def one_conversation(stage: Stage, report: Report) -> None:
    """Have fifty writers say twenty things each in one conversation, at two servers, each as soon as it is let."""
    writers, turns = stage.size.pick(smoke=(5, 4), card=(50, 20), soak=(50, 20))
    async with provider(words=2, pause=0.0) as partner:
        # More at once than one user may read, and more words than a user has a day.
        servers = await stage.two_servers(**partner.settings, streams_per_user=2 * writers, daily_tokens=0)
        async with talkers(servers[0], 1) as [talker]:
            numbers = [range(writer * turns, (writer + 1) * turns) for writer in range(writers)]
            everybody = (_write(talker, servers[writer % 2], mine, stage.random) for writer, mine in enumerate(numbers))
            replies = [reply for found in await asyncio.gather(*everybody) for reply in found]
            report.faults += writers
            async with stage.looking() as connection:
                version = (await connection.execute(_VERSIONS, {"id": talker.conversation})).scalar_one()
            turns_there = (await talker.get(servers[1]))["data"]["etag"]
            report.require(str(version) == turns_there, "the etag is not the version")
            told = 2 * len(replies) + 1
            await _judge_versions(stage, report, talker, version)
            report.require(await _count_turns(stage, talker) == told, f"there are not {told} turns")
            await judge_replies(stage, report, replies, servers[1])


async def _write(talker: Talker, url: str, numbers: range, chance: random.Random) -> list[Reply]:
    replies = []
    for number in numbers:
        listening = await talker.say(url, number).over()
        while _OTHER_IS_SPOKEN in listening.fault or "CONCURRENT_UPDATE" in listening.fault:
            await asyncio.sleep(chance.uniform(0, _LONGEST_PAUSE))
            listening = await talker.say(url, number).over()
        replies.append(Reply(number, talker, listening))
    return replies


async def _judge_versions(stage: Stage, report: Report, talker: Talker, version: int) -> None:
    """Every version there has been is that of a change, but for the first: none was skipped or written over."""
    async with stage.looking() as connection:
        changes = set((await connection.execute(_CHANGES, {"id": talker.conversation})).scalars())
    missing = set(range(1, version + 1)) - changes
    report.require(not missing, f"{len(missing)} of {version} versions left no trace: {sorted(missing)[:5]}")


async def _count_turns(stage: Stage, talker: Talker) -> int:
    query = text("SELECT count(*) FROM turn WHERE conversation_id = :id")
    async with stage.looking() as connection:
        return int((await connection.execute(query, {"id": talker.conversation})).scalar_one())


SCENARIOS = (
    Scenario(
        id="R27",
        promise="fifty writers say twenty things each in one conversation, at two servers: each is said once and has "
        "one reply, turns and versions have no gap",
        run=one_conversation,
        card=3,
        soak=10,
    ),
)
