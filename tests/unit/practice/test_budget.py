"""What a learner may spend in a day."""

import asyncio
from datetime import UTC, datetime

import pytest
from fakes.practice import FakeChatModel

from domain.practice.budget import INSTRUCTION_TOKENS, RESERVED_TOKENS
from domain.practice.chat import ChatError, ChatErrorKind, Delta, Finish, FinishReason, Usage
from domain.practice.errors import TokenBudgetExhausted
from domain.shared.errors import ErrorKind

STOP = Finish(FinishReason.STOP)
YES = Delta("Yes.")


@pytest.fixture
def limited(app):
    app.store.daily_tokens = 2 * RESERVED_TOKENS
    return app


def budget(app, day) -> tuple[int, int]:
    """Return what is reserved and spent."""
    return app.store.state.budgets.get((app.user_id, day), (0, 0))


@pytest.fixture
def left(clock):
    """Return what is reserved and spent today."""
    return lambda app: budget(app, clock().date())


async def say(app, *parts):
    app.model = FakeChatModel(*parts)
    generation = await app.send(await app.start())
    await app.read(generation)
    return generation


async def test_a_reply_sets_tokens_aside_and_then_counts_what_it_cost(limited, left) -> None:
    gate = asyncio.Event()
    limited.model = FakeChatModel(YES, gate, Usage(100, 2), STOP)
    generation = await limited.send(await limited.start())
    assert left(limited) == (RESERVED_TOKENS, 0)
    gate.set()
    await limited.read(generation)
    assert left(limited) == (0, 102)


async def test_a_day_that_is_used_up_refuses_until_the_next_one(limited, clock, left) -> None:
    clock.now = datetime(2026, 3, 1, 23, 59, 30, tzinfo=UTC)
    await say(limited, YES, Usage(2 * RESERVED_TOKENS - 10, 10), STOP)
    conversation = await limited.start()
    with pytest.raises(TokenBudgetExhausted) as refusal:
        await limited.send(conversation)
    assert refusal.value.kind is ErrorKind.RESOURCE_EXHAUSTED
    assert refusal.value.metadata == {"limit": str(2 * RESERVED_TOKENS)}
    assert refusal.value.retry_after == pytest.approx(30, abs=1)
    assert len(await limited.turns(conversation)) == 1
    clock.advance(seconds=31)
    await limited.read(await limited.send(conversation))


async def test_of_many_at_once_only_as_many_begin_as_there_are_tokens(limited, left) -> None:
    limited.model = FakeChatModel(asyncio.Event())
    conversations = [await limited.start() for _ in range(5)]
    answers = await asyncio.gather(*map(limited.send, conversations), return_exceptions=True)
    assert sum(isinstance(answer, TokenBudgetExhausted) for answer in answers) == 3
    assert left(limited) == (2 * RESERVED_TOKENS, 0)


async def test_the_same_message_again_sets_nothing_aside(limited, left) -> None:
    limited.model = FakeChatModel(asyncio.Event())
    conversation = await limited.start()
    for _ in range(4):
        await limited.send(conversation, "Hello?", "m-1")
    assert left(limited) == (RESERVED_TOKENS, 0)


async def test_a_reply_made_anew_costs_anew(limited, left) -> None:
    limited.model = FakeChatModel(YES, Usage(100, 2), STOP)
    conversation = await limited.start()
    await limited.read(await limited.send(conversation))
    asked = (await limited.turns(conversation))[1]
    await limited.read(await limited.regenerate(asked.id, "again"))
    assert left(limited) == (0, 204)
    limited.store.daily_tokens = RESERVED_TOKENS
    with pytest.raises(TokenBudgetExhausted):
        await limited.regenerate(asked.id, "once-more")


@pytest.mark.parametrize(
    ("parts", "least", "most"),
    [
        ([ChatError(ChatErrorKind.OVERLOADED, "busy")], 0, 0),
        ([ChatError(ChatErrorKind.REFUSED, "no")], 0, 0),
        ([YES, ChatError(ChatErrorKind.NETWORK, "broken")], INSTRUCTION_TOKENS, INSTRUCTION_TOKENS + 200),
        ([YES, Usage(70, 2), ChatError(ChatErrorKind.NETWORK, "broken")], 72, 72),
        ([YES, STOP], INSTRUCTION_TOKENS, INSTRUCTION_TOKENS + 200),
    ],
)
async def test_what_failed_costs_what_the_model_told_or_about_what_was_said(limited, left, parts, least, most) -> None:
    await say(limited, *parts)
    reserved, spent = left(limited)
    assert reserved == 0
    assert least <= spent <= most


async def test_a_reply_cancelled_before_its_first_word_has_cost_its_question(limited, left) -> None:
    limited.model = FakeChatModel(asyncio.Event())
    generation = await limited.send(await limited.start())
    await limited.model.asked.wait()
    await limited.cancel_reply(limited.user_id, str(generation.id))
    await limited.runner.stop(grace=1)
    assert left(limited)[0] == 0
    assert INSTRUCTION_TOKENS < left(limited)[1] < INSTRUCTION_TOKENS + 200


async def test_a_reply_whose_producer_died_gives_back_what_it_had(limited, left, clock) -> None:
    generation = await limited.queue()
    held = await limited.leases.take_to_produce(generation, "m")
    writer = limited.log.writer(held.id, held.attempt, None)
    limited.model = FakeChatModel(ChatError(ChatErrorKind.REFUSED, "no"))
    clock.advance(seconds=16)
    await limited.sweeper.sweep()
    await limited.read(generation)
    writer.close()
    assert left(limited) == (0, 0)


async def test_a_reply_over_midnight_counts_for_the_day_on_which_it_began(limited, clock) -> None:
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    gate = asyncio.Event()
    limited.model = FakeChatModel(gate, YES, Usage(50, 5), STOP)
    generation = await limited.send(await limited.start())
    clock.advance(seconds=5)
    gate.set()
    await limited.read(generation)
    assert limited.store.state.budgets == {(limited.user_id, datetime(2026, 3, 1, tzinfo=UTC).date()): (0, 55)}


async def test_without_a_limit_nothing_is_counted(app) -> None:
    await say(app, YES, Usage(10**9, 1), STOP)
    assert app.store.state.budgets == {}
