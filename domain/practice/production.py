"""Producing a reply: from the lease on a generation to its last event."""

import asyncio
import hashlib
import logging
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

from domain.practice.attempt import Attempt
from domain.practice.chat import (
    ChatError,
    ChatErrorKind,
    ChatMessage,
    ChatModel,
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    Usage,
)
from domain.practice.ending import Ending, FailureReason, cancelled, completed, failed
from domain.practice.finishing import FinishReply
from domain.practice.interruption import Interruption, Reason
from domain.practice.lease_keeper import LeaseKeeper
from domain.practice.leases import Leases
from domain.practice.log import Fenced, GenerationLog, LogUnavailable
from domain.practice.model import Generation
from domain.practice.ports import PracticeReads
from domain.practice.reply import TokenUsage
from domain.shared.errors import Unavailable
from domain.shared.retrying import retried

LONGEST_ANSWER = 400
"""Output tokens: some 300 words, twice of what a partner should say at once."""
MEMORY = 40
"""Turns that the model is told, the newest ones: twenty exchanges are longer than most talks."""
MOST_UNWANTED = 5
"""Replies in the place of the one that is wanted, the newest: each is up to LONGEST_ANSWER tokens more to be read."""

_log = logging.getLogger(__name__)

_REASONS = {
    ChatErrorKind.REFUSED: FailureReason.MODEL_REFUSED,
    ChatErrorKind.CONTEXT_TOO_LONG: FailureReason.CONVERSATION_TOO_LONG,
}


@dataclass(frozen=True, slots=True)
class ProduceReply:
    """Takes the lease on a generation, has the model speak into its log, and ends it.

    Of `models` the first is asked; when it cannot answer now and has said nothing yet, the next one. Once words were
    said no other is asked: they would not be its own.
    """

    reads: PracticeReads
    log: GenerationLog
    leases: Leases
    finish: FinishReply
    models: tuple[ChatModel, ...]
    keeper: LeaseKeeper

    async def __call__(self, generation: Generation, interruption: Interruption) -> None:
        """Produce it to its end, or until it is interrupted; nothing when another producer has it.

        A task that is cancelled ends what was begun, or leaves what was not to another process.
        """
        held = await retried(lambda: self.leases.take_to_produce(generation, self.models[0].name))
        if held is None:
            return
        attempt = Attempt(held, self.log, self.leases, interruption)
        try:
            with suppress(Fenced):
                await self._hold(attempt)
        finally:
            attempt.writer.close()

    async def _hold(self, attempt: Attempt) -> None:
        try:
            ending = await self._ending(attempt)
        except asyncio.CancelledError:
            await self._break_off(attempt)
            raise
        except Fenced:
            raise
        except Exception:
            await self._finish(attempt, failed(attempt.text, FailureReason.INTERNAL, attempt.usage))
            raise
        await self._finish(attempt, ending)

    async def _ending(self, attempt: Attempt) -> Ending:
        try:
            await attempt.begin(self.models[0].name)
            if attempt.interruption.reason is not None or attempt.held.cancel_requested_at is not None:
                return cancelled("")
            request = await self._request(attempt.held)
            if request is None:
                return failed("", FailureReason.SCENARIO_NOT_FOUND)
            return await self._speak_until(attempt, request)
        except ChatError as error:
            reason = _REASONS.get(error.kind, FailureReason.MODEL_UNAVAILABLE)
            return failed(attempt.text, reason, attempt.usage)
        except (LogUnavailable, Unavailable):
            return failed(attempt.text, FailureReason.UNAVAILABLE, attempt.usage)

    async def _request(self, held: Generation) -> ChatRequest | None:
        async with self.reads() as reads:
            conversation = await reads.conversations.get(held.conversation_id, held.user_id)
            if conversation is None:
                return None
            scenario = await reads.scenarios.get(conversation.scenario_id, held.user_id)
            turns = await reads.turns.leading_to(held.turn_id, MEMORY)
            replies = await reads.turns.replies_to(held.turn_id) if held.client_message_id else ()
        if scenario is None:
            return None
        history = tuple(ChatMessage(turn.author, turn.text) for turn in turns)
        unwanted = tuple(reply.text for reply in replies if not reply.partial)[-MOST_UNWANTED:]
        return ChatRequest(scenario, history, LONGEST_ANSWER, _pseudonym(held.user_id), unwanted)

    async def _speak_until(self, attempt: Attempt, request: ChatRequest) -> Ending:
        """Have the model speak until it ends, the learner cancels or the lease is lost."""
        with self.keeper.keeping(attempt):
            # Who waits for the model is cancelled, which closes the provider's stream.
            ending = await attempt.interruption.guard(self._speak(attempt, request))
        if ending is not None:
            return ending
        if attempt.interruption.reason is Reason.LEASE_LOST:
            raise Fenced
        return cancelled(attempt.text, attempt.usage)

    async def _speak(self, attempt: Attempt, request: ChatRequest) -> Ending:
        for model, fallback in pairwise(self.models):
            try:
                return await _listen(model, attempt, request)
            except ChatError as error:
                if attempt.text or not error.retryable:
                    raise
                _log.warning("%s did not answer (%s); %s is asked.", model.name, error.kind, fallback.name)
            await attempt.change_model(fallback.name)
        return await _listen(self.models[-1], attempt, request)

    async def _finish(self, attempt: Attempt, ending: Ending) -> None:
        settled = replace(ending, spent=attempt.spent)
        await self.finish(attempt.held, attempt.writer, settled, await attempt.written())

    async def _break_off(self, attempt: Attempt) -> None:
        if attempt.text:
            await self._finish(attempt, failed(attempt.text, FailureReason.INTERRUPTED, attempt.usage))
        else:
            await self.leases.give_back(attempt.held)


async def _listen(model: ChatModel, attempt: Attempt, request: ChatRequest) -> Ending:
    """Pass on what one model says. Raises its ChatError."""
    attempt.request = request
    try:
        async with aclosing(model.stream(request)) as parts:
            async for part in parts:
                match part:
                    case Delta(text):
                        if not await attempt.say(text):
                            return _whole(attempt, FinishReason.LENGTH)
                    case Usage(input_tokens, output_tokens):
                        attempt.usage = TokenUsage(input_tokens, output_tokens)
                    case Finish(reason):
                        return _whole(attempt, reason)
    except ChatError:
        if not attempt.text:
            attempt.request = None
        raise
    # A stream that ends without saying why has broken off.
    return failed(attempt.text, FailureReason.MODEL_UNAVAILABLE, attempt.usage)


def _whole(attempt: Attempt, reason: FinishReason) -> Ending:
    if reason is FinishReason.REFUSED:
        return failed(attempt.text, FailureReason.MODEL_REFUSED, attempt.usage)
    if not attempt.text.strip():
        return failed(attempt.text, FailureReason.MODEL_UNAVAILABLE, attempt.usage)
    return completed(attempt.text, reason.value, attempt.usage)


def _pseudonym(user_id: UUID) -> str:
    """Return what a provider may know of a learner: the same for all their replies, and no id of ours."""
    return hashlib.blake2b(user_id.bytes, digest_size=16).hexdigest()
