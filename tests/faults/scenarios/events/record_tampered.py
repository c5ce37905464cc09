"""F16 and R36: somebody with all rights in the database changes what is recorded."""

import re
from collections.abc import Sequence

from sqlalchemy import text

from tests.faults.rig.pipeline import pipeline
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.integration.audit.forgeries import FORGERIES
from tests.integration.audit.tampering import tamper

_SUPERUSER = text("SET LOCAL session_replication_role = replica")
"""Triggers are off for who may say this."""
_STREAM = "conversation-00000000-0000-0000-0000-000000000001"
_TAMPERINGS = 300


async def verified_by_command(stage: Stage, report: Report) -> None:
    """Edit a byte, delete a row in the middle, delete the last row: `fluentpro events verify` names each place."""
    facts = stage.size.pick(smoke=200, card=2_000, soak=2_000)
    changes: Sequence[tuple[str, str]] = (
        ("edit", "UPDATE event_store SET data = jsonb_set(data, '{words}', to_jsonb((data->>'words')::int + 1))"),
        ("delete the middle", "DELETE FROM event_store"),
        ("delete the tail", "DELETE FROM event_store"),
    )
    async with pipeline(stage, conversations=10) as load:
        await load.append(facts)
        background = stage.background()
        await load.caught_up()
        report.require(await background.stop() == 0, "background work did not stop well")
        report.facts += facts
        await _expect(stage, report, 0, r"valid: ")
        last = facts // 10 + 1
        for what, statement in changes:
            version = last if what == "delete the tail" else stage.random.randint(2, last - 1)
            await _change_and_verify(stage, report, statement, version)


async def _change_and_verify(stage: Stage, report: Report, statement: str, version: int) -> None:
    """Change one row, look what the command says, and bring the row back."""
    where = f" WHERE stream_id = '{_STREAM}' AND version = {version}"
    async with stage.connections.transaction() as connection:
        await connection.execute(_SUPERUSER)
        await connection.execute(text("CREATE TABLE original AS SELECT * FROM event_store" + where))
        assert (await connection.execute(text(statement + where))).rowcount == 1
        await connection.commit()
    report.faults += 1
    await _expect(stage, report, 1, rf"NOT VALID: {_STREAM} version {version} ")
    async with stage.connections.transaction() as connection:
        await connection.execute(_SUPERUSER)
        await connection.execute(text("DELETE FROM event_store" + where))
        await connection.execute(text("INSERT INTO event_store SELECT * FROM original"))
        await connection.execute(text("DROP TABLE original"))
        await connection.commit()


async def _expect(stage: Stage, report: Report, code: int, line: str) -> None:
    verifying = stage.run("-m", "server.cli", "events", "verify")
    found = await verifying.ended()
    holds = found == code and re.search(line, verifying.log) is not None
    report.require(holds, f"verify ended with {found} and said {verifying.log.strip()!r}, not {line!r}")


async def tampered_at_random(stage: Stage, report: Report) -> None:
    """Tamper in every way there is, at places that the seed draws; each is undone before the next."""
    times = stage.size.pick(smoke=len(FORGERIES), card=_TAMPERINGS, soak=_TAMPERINGS)
    found = await tamper(stage.connections, stage.random.randrange(10**6), times)
    report.faults += found.times
    report.lost += len(found.misses)
    for miss in found.misses:
        at = miss.result.first_bad
        report.require(holds=False, otherwise=f"{miss.kind} at {miss.place} was found at {at}")
    report.notes.append(f"run {report.runs}: {times - len(found.misses)} of {times} found and located")


SCENARIOS = (
    Scenario(
        id="F16",
        promise="a byte is edited, a row in the middle deleted, the last row deleted, each as a superuser: "
        "`fluentpro events verify` exits with 1 and names the stream and the version",
        run=verified_by_command,
        smoke=0,
    ),
    Scenario(
        id="R36",
        promise=f"{_TAMPERINGS} random changes of the record as a superuser, of {len(FORGERIES)} kinds (edits, "
        "deletions, forgeries, checkpoints): every one is found, and named by its place",
        run=tampered_at_random,
    ),
)
