"""The judgement of jobs finds what was planted, and nothing where nothing was; the mailbox counts."""

import asyncio
import smtplib
from email.message import EmailMessage
from uuid import UUID

from sqlalchemy import text

from tests.faults.rig.mailbox import Mailbox, mailbox
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.working import Jobs, jobs, worker


def hand_over(box: Mailbox, message_id: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "a@example.com", "b@example.com", f"<{message_id}@x>"
    message.set_content("Good morning.\n.\nAnd goodbye.")
    with smtplib.SMTP("127.0.0.1", box.port, timeout=10) as connection:
        connection.send_message(message)


async def test_a_mailbox_counts_messages_by_their_id():
    async with mailbox() as box:
        for message_id in ("one", "two", "one"):
            await asyncio.to_thread(hand_over, box, message_id)
    assert box.taken == {"one": 2, "two": 1}


async def test_a_mailbox_can_take_a_message_and_say_nothing():
    async with mailbox() as box:
        box.hold()
        handing = asyncio.create_task(asyncio.to_thread(hand_over, box, "one"))
        await until(lambda: box.taken, "it is taken")
        assert not handing.done()
        box.release()
        await handing
    assert box.taken == {"one": 1}


async def judged(load: Jobs) -> Report:
    report = Report("J0", "all is well", runs=1)
    await load.judge(report)
    return report


async def planted(set_stage: Stage, statement: str, **values: object) -> None:
    async with set_stage.connections.transaction() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        assert (await connection.execute(text(statement), values)).rowcount
        await connection.commit()


async def test_jobs_that_were_done_are_found_and_so_is_what_is_done_to_them(set_stage: Stage):
    async with jobs(set_stage) as load:
        set_stage.background()
        worker(set_stage, load.mail)
        await load.begin((await set_stage.server()).http, learners=2)
        await load.ask(4)
        await load.ended()
        await load.welcomed()
        sound = await judged(load)
        assert (sound.broken, sound.facts, sound.duplicates) == ([], 4, 0)

        lost, torn, hidden = list(load.numbers)[:3]
        await _is_found(set_stage, load, lost, torn, hidden)


async def _is_found(set_stage: Stage, load: Jobs, lost: UUID, torn: UUID, hidden: UUID) -> None:
    made = "scenario.generation_completed"
    await planted(set_stage, f"DELETE FROM event_store WHERE type = '{made}' AND data->>'job_id' = :id", id=str(lost))
    query = "DELETE FROM scenario WHERE id = (SELECT data->'scenario_ids'->>0 FROM event_store WHERE type = :type"
    await planted(set_stage, f"{query} AND data->>'job_id' = :id)", type=made, id=str(torn))
    await planted(set_stage, "UPDATE job SET state = 'running' WHERE id = :id", id=hidden)
    load.mail.taken.update({next(iter(load.mail.taken)): 2, "strange": 1})
    found = await judged(load)
    assert (found.lost, found.stuck, found.duplicates) == (1, 1, 2)
    assert found.partial >= 4, "three scenarios of no job that is done, and one that is missing"
    assert "run 1: 1 mails came of no job" in found.broken
    assert "run 1: 1 mails came more than twice" in found.broken
