"""How long one writer bears with a log that takes nothing."""

from uuid import UUID

import pytest

from adapters.live import generation_writer
from adapters.live.generation_writer import Backlog, RedisGenerationWriter
from domain.practice.reply import TextDelta


async def nothing() -> str:
    return ""


async def test_patience_begins_anew_with_each_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_writer, "PATIENCE", 0.001)
    writer = RedisGenerationWriter(UUID(int=1), 1, nothing, Backlog(), due=lambda _writer: None)
    await writer.write(TextDelta("Hello"))
    writer.pending.next()

    assert not writer.stumble()
    while not writer.stumble():
        pass
    writer.acknowledge()

    assert not writer.stumble()


async def test_a_failed_writer_gives_its_share_of_the_backlog_back() -> None:
    backlog = Backlog()
    writer = RedisGenerationWriter(UUID(int=1), 1, nothing, backlog, due=lambda _writer: None)
    await writer.write(TextDelta("Hello"))

    writer.fail(ArithmeticError())

    assert backlog.tokens == 0
    with pytest.raises(ArithmeticError):
        await writer.flush()
