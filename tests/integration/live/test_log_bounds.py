"""Producers wait while the log does not keep up, and no longer."""

import asyncio
import signal
from uuid import uuid4

from adapters.live.generation_writer import GENERATION_CHARACTERS, PROCESS_TOKENS

NUMBER = 8


async def stands_still(count) -> int:
    """Return what `count` gives once it has not changed for many turns of the loop."""
    before, turns = -1, 0
    async with asyncio.timeout(5):
        while turns < 200:
            await asyncio.sleep(0)
            turns, before = (turns + 1, before) if count() == before else (0, count())
    return before


async def test_a_process_takes_only_so_many_tokens_ahead_of_the_log(valkey, make_log, produce, read_all, text_of):
    log = await make_log(valkey.url)
    speakers = {generation_id: produce(log, generation_id) for generation_id in (uuid4() for _ in range(NUMBER))}
    for speaker in speakers.values():
        await speaker.say("x")
    valkey.signal(signal.SIGSTOP)

    async def speak(speaker) -> None:
        for _ in range(PROCESS_TOKENS):
            await speaker.say("x", flush=False)
            await asyncio.sleep(0)

    speaking = [asyncio.create_task(speak(speaker)) for speaker in speakers.values()]
    taken = await stands_still(lambda: sum(len(speaker.text) for speaker in speakers.values()))
    assert PROCESS_TOKENS < taken <= PROCESS_TOKENS + 2 * NUMBER

    valkey.signal(signal.SIGCONT)
    await asyncio.gather(*speaking)
    for generation_id, speaker in speakers.items():
        await speaker.writer.flush()
        assert text_of(list(await log.read(generation_id))) == speaker.text == "x" * (PROCESS_TOKENS + 1)


async def test_a_generation_takes_only_so_much_text_ahead_of_the_log(valkey, make_log, produce, text_of):
    log, generation_id, piece = await make_log(valkey.url), uuid4(), "x" * 1000
    speaker, other = produce(log, generation_id), produce(log, uuid4())
    await speaker.say("x")
    valkey.signal(signal.SIGSTOP)

    speaking = asyncio.create_task(speaker.say(*[piece] * 200))
    taken = await stands_still(lambda: len(speaker.text))
    await asyncio.wait_for(other.say("not held up", flush=False), 0.1)
    assert GENERATION_CHARACTERS < taken <= GENERATION_CHARACTERS + 2 * len(piece)

    valkey.signal(signal.SIGCONT)
    await speaking
    assert text_of(list(await log.read(generation_id))) == speaker.text
