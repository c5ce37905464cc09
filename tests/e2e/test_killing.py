"""Kill -9, of some and of all processes: the next start goes on honestly with what there is."""

import os
import signal
import time
from contextlib import aclosing

from e2e.command import Command, keepers_and_engines, processes_below, runs, until
from e2e.learner import Event, Learner, text_of


async def seen_until_killed(learner: Learner, conversation: str, dev: Command, others: list[int]) -> list[Event]:
    """Read a reply up to its first word, kill, and read what still comes."""
    seen = []
    async with aclosing(learner.say(conversation)) as reply:
        async for event in reply:
            seen.append(event)
            if event.kind == "delta":
                break
    dev.kill()
    for pid in others:
        os.kill(pid, signal.SIGKILL)
    await dev.ended()
    return seen


async def test_kill_9_of_everything_in_the_middle_of_a_reply_ends_it_honestly_and_the_talk_goes_on(start, sign_up):
    dev = await start("dev", scripted_word_seconds=0.2).ready()
    learner: Learner = await sign_up(dev)
    conversation = await learner.converse()
    seen = await seen_until_killed(learner, conversation, dev, list(keepers_and_engines(dev.data_dir)))
    killed_at = time.monotonic()

    again = await start("dev", scripted_word_seconds=0).ready()
    learner = await sign_up(again, learner.email)
    rest = await learner.resume(seen[-1])
    assert time.monotonic() - killed_at < 25, "a lease of 15 s and a sweep every 5 s"
    assert rest[-1].kind == "failed"
    assert rest[-1].data["failed"]["failure"]["reason"] == "INTERRUPTED"
    cursors = [event.cursor for event in (*seen, *rest)]
    assert len(set(cursors)) == len(cursors), "nothing comes twice"
    kept = (await learner.turns(conversation))[-1]
    assert kept["author"] == "AUTHOR_PARTNER"
    assert kept["partial"] is True
    assert kept["text"] == text_of([*seen, *rest])
    assert kept["text"].startswith(text_of(seen))
    answer = [event async for event in learner.say(conversation, "Your room is ready now.")]
    assert answer[-1].kind == "completed"
    assert (await learner.turns(conversation))[-1]["text"] == text_of(answer)


async def test_after_kill_9_of_the_server_alone_the_next_start_works_at_once(start, sign_up):
    dev = await start("dev").ready()
    learner = await sign_up(dev)
    before = keepers_and_engines(dev.data_dir)
    dev.kill()
    await dev.ended()
    began = time.monotonic()
    again = await start("dev", grpc_listen=dev.grpc, http_listen=dev.http).ready()
    assert time.monotonic() - began < 10
    assert (again.grpc, again.http) == (dev.grpc, dev.http)
    running = keepers_and_engines(again.data_dir)
    assert len(running) == len(before)
    assert not running.keys() & before.keys(), "the engines of before were stopped and new ones started"
    await sign_up(again, learner.email)


async def test_the_worker_of_a_server_that_is_killed_ends_with_it(start):
    dev = await start("dev").ready()
    await dev.says("celery@")
    worker = processes_below(dev.pid)
    pool = [child for pid in worker for child in processes_below(pid)]
    assert len(worker) >= 2, "the keeper and the worker"
    dev.kill()
    await dev.ended()
    await until(lambda: not any(runs(pid) for pid in (*worker, *pool)))


async def test_kill_9_of_the_keeper_leaves_a_data_folder_that_the_next_start_takes_over(start, sign_up):
    dev = await start("dev").ready()
    learner = await sign_up(dev)
    keeper = next(pid for pid, line in keepers_and_engines(dev.data_dir).items() if "adapters.engines.keeper" in line)
    os.kill(keeper, signal.SIGKILL)
    dev.interrupt()
    assert await dev.ended(15) == 0
    assert "Traceback" not in dev.err
    assert keepers_and_engines(dev.data_dir) == {}
    await sign_up(await start("dev").ready(), learner.email)
