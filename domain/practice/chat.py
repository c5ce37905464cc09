"""The one way we talk to a language model: a request, a stream of parts, and errors we can act on."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from domain.practice.scenario import Scenario


class Author(StrEnum):
    """Who said something."""

    LEARNER = "learner"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One thing that was said."""

    author: Author
    text: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Ask for the partner's next line.

    `history` is the talk so far, oldest first. `user` is opaque: a provider can tell two users apart by it
    and learn nothing else. `unwanted` are the lines, oldest first, that the learner has heard in this place and asked
    to hear another for.
    """

    scenario: Scenario
    history: tuple[ChatMessage, ...]
    max_output_tokens: int
    user: str
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of the reply's text, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the reply cost, in the model's own tokens."""

    input_tokens: int
    output_tokens: int


class FinishReason(StrEnum):
    """Why a reply ended: it was complete, it met `max_output_tokens`, or the provider stopped it."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finish:
    """The last part of every whole stream."""

    reason: FinishReason


ChatPart: TypeAlias = Delta | Usage | Finish


class ChatModel(Protocol):
    """Plays the partner."""

    @property
    def name(self) -> str:
        """The model's name, as written beside what it produced."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Give deltas, then usage where the provider tells it, then exactly one `Finish`.

        Closing the generator (`aclose`, or cancelling the task that waits for its next part) closes the
        provider's stream. ChatError: the reply broke off or never began; a stream that ends without
        `Finish` is an error too (TRUNCATED), raised by the adapter.
        """
        ...


class ChatErrorKind(StrEnum):
    """What went wrong, as far as it changes what to do next."""

    RATE_LIMITED = "rate_limited"
    """We asked too often: wait `retry_after`."""
    OVERLOADED = "overloaded"
    """The provider is there, but cannot answer now."""
    CONTEXT_TOO_LONG = "context_too_long"
    """The talk no longer fits the model."""
    REFUSED = "refused"
    """The provider does not take this request, for its content or its form."""
    AUTH = "auth"
    """Our key is wrong, or may not use this model, or its account is empty."""
    NETWORK = "network"
    """No connection, or it broke."""
    TRUNCATED = "truncated"
    """The stream ended in the middle of a reply."""
    TIMEOUT = "timeout"
    """Nothing came for too long."""


_LASTING = {ChatErrorKind.CONTEXT_TOO_LONG, ChatErrorKind.REFUSED, ChatErrorKind.AUTH}


class ChatError(Exception):
    """A reply that failed. `retry_after` is in seconds, and None where the provider did not say."""

    def __init__(self, kind: ChatErrorKind, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after

    @property
    def retryable(self) -> bool:
        """Whether the same request can succeed later."""
        return self.kind not in _LASTING
