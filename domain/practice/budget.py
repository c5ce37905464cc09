"""What a learner may spend on replies in a day, in tokens: reserved before a reply, settled at its end."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from domain.practice.chat import ChatRequest
from domain.practice.ending import Ending
from domain.practice.errors import TokenBudgetExhausted
from domain.practice.model import Generation
from domain.practice.ports import PracticeWork

RESERVED_TOKENS = 2500
"""What is set aside for a reply: 500 of instructions, forty turns of 40, an answer of 400. Few cost more."""
INSTRUCTION_TOKENS = 500
"""The instructions that a scenario becomes: those that ship have 1,600 to 2,000 characters."""
_CHARACTERS_A_TOKEN = 4  # in English, with the tokenisers of today


async def reserve(work: PracticeWork, user_id: UUID, now: datetime) -> None:
    """Set tokens aside for the reply that begins at `now`, in the transaction that queues it.

    Raises TokenBudgetExhausted when the day has too few left; of two replies at once, the second sees the first.
    """
    limit = work.token_budgets.limit
    if limit and not await work.token_budgets.reserve(user_id, _day(now), RESERVED_TOKENS):
        raise TokenBudgetExhausted(limit, _until_tomorrow(now))


async def settle(work: PracticeWork, held: Generation, ending: Ending) -> None:
    """Give back what was set aside for a reply and count what it cost, on the day on which it began."""
    await work.token_budgets.settle(held.user_id, _day(held.created_at), RESERVED_TOKENS, ending.spent)


def estimated(request: ChatRequest, said: str) -> int:
    """Return about what a request and the answer to it cost, where the model did not tell."""
    return INSTRUCTION_TOKENS + tokens_of((*(message.text for message in request.history), said))


def tokens_of(texts: Iterable[str]) -> int:
    """Return about how many tokens these texts are."""
    return -(-sum(map(len, texts)) // _CHARACTERS_A_TOKEN)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _until_tomorrow(now: datetime) -> float:
    tomorrow = datetime.combine(_day(now) + timedelta(days=1), time(), UTC)
    return (tomorrow - now).total_seconds()
