"""F15: many who append to one stream and expect the same version."""

import asyncio
from uuid import UUID

from domain.identity.events import UserProfileUpdated
from domain.shared.errors import ConcurrentUpdate, ErrorKind
from tests.faults.rig.checking import profile_facts, torn
from tests.faults.rig.ledger import Ledger
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.writing import append_facts

_AT_ONCE = 100
_USER = UUID(int=1)


async def same_expected_version(stage: Stage, report: Report) -> None:
    """Have a hundred units of work append one event each, after the same version of one stream."""
    ledger = Ledger()
    before = stage.random.randint(1, 20)
    await append_facts(stage.work, ledger, before, _fact)
    together = asyncio.Barrier(_AT_ONCE)
    answers = await asyncio.gather(*(_append(stage, together, _AT_ONCE + number, before) for number in range(_AT_ONCE)))
    report.faults += _AT_ONCE
    refusals = [answer for answer in answers if answer is not None]
    report.require(len(refusals) == _AT_ONCE - 1, f"{_AT_ONCE - len(refusals)} of {_AT_ONCE} won")
    for refusal in refusals:
        report.require(refusal.kind is ErrorKind.ABORTED, f"a refusal is {refusal.kind}")
        told = refusal.metadata.get("current_version")
        report.require(told == str(before + 1), f"a refusal says version {told}, and it is {before + 1}")
    async with stage.looking() as connection:
        found = await profile_facts(connection)
        misfits = await torn(connection)
    report.facts += len(found)
    report.require(len(found) == before + 1, f"the stream has {len(found)} events, and {before + 1} were acknowledged")
    report.require(not misfits, "; ".join(misfits))


def _fact(number: int) -> UserProfileUpdated:
    return UserProfileUpdated(user_id=_USER, fields=(f"Fact {number}",))


async def _append(stage: Stage, together: asyncio.Barrier, number: int, expected: int) -> ConcurrentUpdate | None:
    await together.wait()
    try:
        async with stage.work() as work:
            work.expect(f"user-{_USER}", expected)
            work.record(_fact(number))
            await work.commit()
    except ConcurrentUpdate as refused:
        return refused
    return None


SCENARIOS = (
    Scenario(
        id="F15",
        promise=f"{_AT_ONCE} append at once and expect the same version of a stream: one wins, {_AT_ONCE - 1} are "
        "ABORTED and told the version there is",
        run=same_expected_version,
    ),
)
