"""A partner played by any server that speaks OpenAI's chat completions (OpenAI, Azure, vLLM, Ollama, llama.cpp)."""

from collections.abc import AsyncGenerator
from types import MappingProxyType
from typing import TYPE_CHECKING

from adapters.ai.prompt import system_prompt
from domain.practice.chat import (
    Author,
    ChatError,
    ChatErrorKind,
    ChatPart,
    ChatRequest,
    Delta,
    Finish,
    FinishReason,
    Usage,
)

if TYPE_CHECKING:
    from openai import AsyncStream
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

OPENAI_URL = "https://api.openai.com/v1"
_FINISH = MappingProxyType({"length": FinishReason.LENGTH, "content_filter": FinishReason.REFUSED})


class OpenAIModel:
    """A `ChatModel` over HTTP. It never retries by itself: whoever called knows what was shown already.

    `limit_field` is the request's field for `max_output_tokens`, which servers disagree on.
    """

    def __init__(
        self,
        model: str,
        api_key: str,
        base_url: str = OPENAI_URL,
        connect_seconds: float = 5.0,
        stall_seconds: float = 20.0,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        `connect_seconds` bounds connecting, `stall_seconds` the wait for the first chunk and for each next one.
        """
        import openai  # 0.5 s and more: only a process that uses it pays

        self.name = model
        # OpenAI's newer models refuse `max_tokens`; Ollama, LM Studio and llama.cpp before 2026 know nothing else.
        self.limit_field = "max_completion_tokens" if base_url.rstrip("/") == OPENAI_URL else "max_tokens"
        timeout = openai.Timeout(stall_seconds, connect=connect_seconds)
        self._client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0)

    async def aclose(self) -> None:
        """Close all connections; the model cannot be used after."""
        await self._client.close()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Give the reply as it comes. ChatError: as the port says."""
        from openai import OpenAIError

        from adapters.ai.openai_errors import chat_error

        finish: FinishReason | None = None
        usage: Usage | None = None
        try:
            async with await self._open(request) as chunks:
                async for chunk in chunks:
                    usage = _usage(chunk) or usage
                    finish = _finish(chunk) or finish
                    if text := _text(chunk):
                        yield Delta(text)
        except (OpenAIError, ValueError) as error:
            if finish is None:  # else the reply is whole, and only its bill is missing
                raise chat_error(error) from None
        if finish is None:
            raise ChatError(ChatErrorKind.TRUNCATED, "the provider's stream ended without a finish reason")
        if usage is not None:
            yield usage
        yield Finish(finish)

    async def _open(self, request: ChatRequest) -> "AsyncStream[ChatCompletionChunk]":
        return await self._client.chat.completions.create(
            model=self.name,
            messages=_messages(request),
            stream=True,
            stream_options={"include_usage": True},
            user=request.user,
            extra_body={self.limit_field: request.max_output_tokens},
        )


def _messages(request: ChatRequest) -> "list[ChatCompletionMessageParam]":
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": system_prompt(request.scenario, request.unwanted)}
    ]
    for message in request.history:
        if message.author is Author.LEARNER:
            messages.append({"role": "user", "content": message.text})
        else:
            messages.append({"role": "assistant", "content": message.text})
    return messages


def _text(chunk: "ChatCompletionChunk") -> str:
    return "".join(choice.delta.content or "" for choice in chunk.choices or ())


def _finish(chunk: "ChatCompletionChunk") -> FinishReason | None:
    reasons = [choice.finish_reason for choice in chunk.choices or () if choice.finish_reason]
    return _FINISH.get(reasons[-1], FinishReason.STOP) if reasons else None


def _usage(chunk: "ChatCompletionChunk") -> Usage | None:
    usage = chunk.usage
    return None if usage is None else Usage(usage.prompt_tokens, usage.completion_tokens)
