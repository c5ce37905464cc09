"""Another model speaks when the first one cannot."""

import asyncio

import pytest
from fakes.practice import FakeChatModel

from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason, Usage
from domain.practice.reply import Accepted, Completed, Failed, Started, TextDelta, TokenUsage

STOP = Finish(FinishReason.STOP)
BUSY = ChatError(ChatErrorKind.OVERLOADED, "busy")
REFUSED = ChatError(ChatErrorKind.REFUSED, "no")


class Second(FakeChatModel):
    name = "second-model"


async def say(app, first, *second):
    app.model, app.fallbacks = FakeChatModel(*first), (Second(*second),)
    generation = await app.send(await app.start())
    return generation, [entry.event for entry in await app.read(generation)]


@pytest.mark.parametrize("kind", [kind for kind in ChatErrorKind if ChatError(kind, "").retryable])
async def test_a_model_that_cannot_answer_now_is_replaced_by_the_next(app, kind) -> None:
    generation, events = await say(app, [ChatError(kind, "not now")], Delta("Yes."), Usage(5, 1), STOP)
    (*_, completed) = events
    assert isinstance(completed, Completed)
    assert events[:-1] == [
        Accepted(generation.turn_id),
        Started("fake-model"),
        Started("second-model"),
        TextDelta("Yes."),
        TokenUsage(5, 1),
    ]
    assert (await app.stored(generation)).model == "second-model"
    assert app.model.closed.is_set()
    assert app.model.requests == app.fallbacks[0].requests


async def test_once_words_were_said_no_other_model_is_asked(app) -> None:
    generation, events = await say(app, [Delta("I am "), BUSY], Delta("Never."), STOP)
    assert isinstance(events[-1], Failed)
    assert app.fallbacks[0].requests == []
    assert (await app.stored(generation)).model == "fake-model"


async def test_what_the_next_model_would_refuse_too_is_not_asked_again(app) -> None:
    _, events = await say(app, [REFUSED], Delta("Never."), STOP)
    assert events[-1].reason == "MODEL_REFUSED"
    assert app.fallbacks[0].requests == []


async def test_when_all_fail_the_last_ones_reason_is_told(app) -> None:
    _, events = await say(app, [BUSY], REFUSED)
    assert [type(event) for event in events] == [Accepted, Started, Started, Failed]
    assert events[-1].reason == "MODEL_REFUSED"


async def test_a_cancel_reaches_the_second_model_too(app) -> None:
    app.model, app.fallbacks = FakeChatModel(BUSY), (Second(asyncio.Event()),)
    generation = await app.send(await app.start())
    await app.fallbacks[0].asked.wait()
    async with asyncio.timeout(0.2):
        await app.cancel_reply(app.user_id, str(generation.id))
        await app.fallbacks[0].closed.wait()
