"""Answering a request that has an idempotency key: it is carried out once, and repeats get the first answer."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from google.protobuf.message import Message

from domain.shared.errors import DomainError
from domain.shared.once import AlreadyAnswered, RequestInProgress, current_once
from server.call import Context, call_of

_Result = TypeVar("_Result")
_Answer = TypeVar("_Answer", bound=Message)


async def answer_once(context: Context, answer: Callable[[_Result], _Answer], work: Awaitable[_Result]) -> _Answer:
    """Return `answer` of what `work` gives; where the same request was carried out before, what was answered then.

    Raises what `work` raises, RequestInProgress and IdempotencyKeyReused.
    """
    call = call_of(context)
    keyed = call.keyed
    if keyed is None:
        return answer(await work)
    keyed.once.encode = lambda result: answer(result).SerializeToString()
    before = current_once.set(keyed.once)
    try:
        result = await work
        if not keyed.once.is_kept:
            await keyed.answers.keep(keyed.once, result)
    except AlreadyAnswered as already:
        return cast("_Answer", keyed.replay(already.answer))
    except DomainError as error:
        # The first one's doing may be what stands in the way of this one.
        waiting = isinstance(error, RequestInProgress)
        kept = await (keyed.wait() if waiting else keyed.replayed())
        if kept is None:
            raise
        return cast("_Answer", kept)
    finally:
        current_once.reset(before)
    return answer(result)
