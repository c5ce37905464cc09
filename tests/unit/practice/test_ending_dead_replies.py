"""Ending a reply whose producer is gone, as `fluentpro state recover` does."""

import asyncio
from datetime import timedelta

from fakes.practice import FakeChatModel

from domain.practice.chat import Delta
from domain.practice.model import GenerationStatus


async def test_what_was_said_is_kept_and_no_other_reply_is_made(app, clock) -> None:
    app.model = FakeChatModel(Delta("Good "), asyncio.Event())
    conversation = await app.start()
    generation = await app.send(conversation)
    await app.heard(generation)
    held = await app.stored(generation)
    assert not await app.recover.end(held)
    clock.now += timedelta(minutes=1)
    assert await app.recover.end(held)
    ended = await app.stored(generation)
    assert (ended.status, ended.failure_reason) == (GenerationStatus.FAILED, "INTERRUPTED")
    assert await app.partner_says(conversation) == ["Good "]
    assert not await app.recover.end(ended)
    assert len(app.model.requests) == 1
