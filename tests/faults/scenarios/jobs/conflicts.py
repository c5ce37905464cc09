"""R13: a database that undoes transactions."""

from sqlalchemy import text

from tests.faults.rig.checking import role_facts, torn
from tests.faults.rig.plan import Scenario
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.writing import writers

_EVERY = 20
"""One transaction in so many is undone: 5 %."""
# By a sequence, so that whoever tries again is not at the mercy of chance; in turn with either error.
_FAULT = (
    "CREATE SEQUENCE attempts",
    f"""
    CREATE FUNCTION now_and_then() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE attempt bigint := nextval('attempts');
    BEGIN
        IF attempt % {2 * _EVERY} = 0 THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40001'; END IF;
        IF attempt % {2 * _EVERY} = {_EVERY} THEN RAISE EXCEPTION 'injected' USING ERRCODE = '40P01'; END IF;
        RETURN NULL;
    END
    $$
    """,
    "CREATE TRIGGER fails AFTER INSERT ON outbox EXECUTE FUNCTION now_and_then()",
)


async def undone_now_and_then(stage: Stage, report: Report) -> None:
    """Have one transaction in twenty fail to be serialized, or be chosen out of a deadlock, while learners write."""
    server = await stage.server()
    async with writers(server.http) as driver:
        async with stage.connections.transaction() as connection:
            for statement in _FAULT:
                await connection.execute(text(statement))
            await connection.commit()
        await driver.write_many(stage.size.pick(smoke=200, card=2_000, soak=20_000))
    async with stage.looking() as connection:
        attempts = (await connection.execute(text("SELECT last_value FROM attempts"))).scalar_one()
        facts = await role_facts(connection)
        misfits = await torn(connection)
    report.faults += attempts // _EVERY
    refused = len(driver.ledger.attempts) - len(driver.ledger.acknowledged)
    report.require(refused == 0, f"{refused} writes failed: {driver.ledger.summary()}")
    report.require(attempts > len(driver.ledger.attempts), "nothing was tried again")
    report.judge(driver.ledger, driver.ledger.compare(facts.numbers), partial=facts.partial + len(misfits))


SCENARIOS = (
    Scenario(
        id="R13",
        promise="5 % of all transactions fail with a serialization error or a deadlock: they are tried again, and no "
        "client sees any of it; nothing is lost, no write takes place twice or in part",
        run=undone_now_and_then,
    ),
)
