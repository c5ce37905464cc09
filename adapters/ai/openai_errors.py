"""The OpenAI SDK's errors as ours.

Their texts are not passed on: a provider may quote the key, or the learner, in them.
"""

import email.utils
import time
from collections.abc import Mapping
from types import MappingProxyType

import openai

from domain.practice.chat import ChatError, ChatErrorKind

_BY_CODE = MappingProxyType(
    {
        "context_length_exceeded": ChatErrorKind.CONTEXT_TOO_LONG,
        "exceed_context_size_error": ChatErrorKind.CONTEXT_TOO_LONG,  # llama.cpp's server
        "content_filter": ChatErrorKind.REFUSED,  # Azure
        "content_policy_violation": ChatErrorKind.REFUSED,
        "insufficient_quota": ChatErrorKind.AUTH,  # a 429 that no waiting cures
        "rate_limit_exceeded": ChatErrorKind.RATE_LIMITED,
    }
)
_BY_STATUS = MappingProxyType(
    {
        400: ChatErrorKind.REFUSED,
        401: ChatErrorKind.AUTH,
        402: ChatErrorKind.AUTH,
        403: ChatErrorKind.AUTH,
        404: ChatErrorKind.AUTH,  # "the model does not exist, or you do not have access to it"
        408: ChatErrorKind.TIMEOUT,
        413: ChatErrorKind.CONTEXT_TOO_LONG,
        422: ChatErrorKind.REFUSED,
        429: ChatErrorKind.RATE_LIMITED,
    }
)
_TOO_LONG = ("context length", "context size", "context window")
"""What servers without error codes (vLLM, Ollama) write when a talk no longer fits."""


def chat_error(error: openai.OpenAIError | ValueError) -> ChatError:
    """Give our error for one of the SDK's; a ValueError is a stream whose data cannot be parsed."""
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if isinstance(error, openai.APITimeoutError):
        return ChatError(ChatErrorKind.TIMEOUT, "the provider sent nothing in time")
    if isinstance(error, openai.APIConnectionError):
        return ChatError(ChatErrorKind.NETWORK, "the connection to the provider failed")
    if isinstance(error, openai.APIError):
        return ChatError(_kind(error, ChatErrorKind.OVERLOADED), "the provider broke off with an error")
    return ChatError(ChatErrorKind.TRUNCATED, "the provider's stream cannot be read")


def _of_status(error: openai.APIStatusError) -> ChatError:
    kind = _kind(error, _BY_STATUS.get(error.status_code, ChatErrorKind.OVERLOADED))
    return ChatError(kind, f"the provider answered {error.status_code}", retry_after(error.response.headers))


def _kind(error: openai.APIError, otherwise: ChatErrorKind) -> ChatErrorKind:
    for code in (error.code, error.type):
        if kind := _BY_CODE.get(code or ""):
            return kind
    if otherwise is ChatErrorKind.REFUSED and any(phrase in error.message.lower() for phrase in _TOO_LONG):
        return ChatErrorKind.CONTEXT_TOO_LONG
    return otherwise


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Give the seconds a provider asks us to wait: `Retry-After` as seconds or as a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        return _until(value)


def _until(date: str) -> float | None:
    try:
        return max(0.0, email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    except ValueError:
        return None
