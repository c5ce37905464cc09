"""Which checkpoints are believed, and what is said of those that are not."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.audit.checkpoint_check import CHECKPOINTS, CheckpointChain, RecordedCheckpoint
from domain.audit.checkpoints import Checkpoint, Span, seal, signed_text

WHEN = datetime(2026, 3, 1, 12, 30, 0, 500, tzinfo=UTC)


class PaperSeal:
    """Signs and knows its signatures."""

    def sign(self, message: bytes) -> tuple[str, bytes]:
        return "paper", message[::-1]

    def fault(self, key_id: str, message: bytes, signature: bytes) -> str | None:
        return None if (key_id, signature) == self.sign(message) else "is not sealed"


def chain(length: int) -> list[Checkpoint]:
    made: list[Checkpoint] = []
    for number in range(1, length + 1):
        span = Span(10 * number, 5, {f"user-{number}": (5, 10 * number, "ab")})
        made.append(seal(span, made[-1] if made else None, WHEN + timedelta(minutes=number), PaperSeal()))
    return made


def found(checkpoint: Checkpoint) -> RecordedCheckpoint:
    columns = asdict(checkpoint)
    columns["heads"] = json.dumps(columns["heads"], indent=1)
    columns["created_at"] = checkpoint.created_at.replace(tzinfo=None).isoformat(sep=" ")
    return RecordedCheckpoint(**{name: columns[name] for name in RecordedCheckpoint._fields})


def judged(rows, *, linked: bool = True):
    judge = CheckpointChain(PaperSeal(), linked=linked)
    return [judge.judge(found(row)) for row in rows]


def test_checkpoints_are_numbered_and_each_covers_the_one_before():
    first, second = chain(2)
    assert (first.number, second.number) == (1, 2)
    assert first.previous_digest == b""
    assert second.previous_digest == first.digest
    assert second.signature == PaperSeal().sign(signed_text(second.digest))[1]


def test_a_sound_chain_is_believed_and_each_span_begins_where_the_one_before_ended():
    assert [(each.bad, each.believed, each.after) for each in judged(chain(3))] == [
        (None, True, 0),
        (None, True, 10),
        (None, True, 20),
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"position": 19}, "digest that is not that of its columns"),
        ({"events": 6}, "digest that is not that of its columns"),
        ({"heads": {}}, "digest that is not that of its columns"),
        ({"created_at": WHEN}, "digest that is not that of its columns"),
        ({"digest": b"x"}, "digest that is not that of its columns"),
        ({"signature": b"x"}, "is not sealed"),
        ({"key_id": "wax"}, "is not sealed"),
        ({"previous_digest": b"x"}, "does not continue"),
    ],
)
def test_a_changed_one_is_blamed_and_not_believed(change, fault: str):
    first, second, third = chain(3)
    judgements = judged([first, replace(second, **change), third])
    bad = judgements[1].bad
    assert bad is not None
    assert (bad.stream_id, bad.version) == (CHECKPOINTS, 2)
    assert fault in bad.fault
    assert [each.believed for each in judgements] == [True, False, True]
    assert judgements[2].after is None, "where the third begins is what the second would have to tell"


def test_one_that_was_taken_away_is_missing():
    first, second, third = chain(3)
    after_gap = judged([first, third])[1]
    assert after_gap.bad is not None
    assert (after_gap.bad.version, after_gap.bad.fault) == (2, "is missing")
    assert after_gap.believed
    assert after_gap.after is None
    headless = judged([second, third])[0]
    assert headless.bad is not None
    assert headless.bad.version == 1


def test_one_made_anew_and_signed_by_us_still_has_to_continue_the_chain():
    first, second = chain(2)
    other = seal(Span(20, 5, {}), replace(first, digest=b"another"), WHEN, PaperSeal())
    bad = judged([first, other])[1].bad
    assert bad is not None
    assert "does not continue" in bad.fault
    assert second.digest != other.digest


def test_by_themselves_checkpoints_need_not_follow_each_other():
    _, second, _, fourth = chain(4)
    assert [(each.bad, each.believed, each.after) for each in judged([second, fourth], linked=False)] == [
        (None, True, None),
        (None, True, None),
    ]


def test_values_that_cannot_be_read_are_a_fault_and_no_crash():
    judge = CheckpointChain(PaperSeal(), linked=True)
    row = found(chain(1)[0])
    for broken in (row._replace(created_at="infinity"), row._replace(heads="[" * 100_000)):
        bad = judge.judge(broken).bad
        assert bad is not None
        assert "values that no checkpoint can have" in bad.fault
        judge = CheckpointChain(PaperSeal(), linked=True)
