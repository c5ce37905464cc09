"""Paced replies: what a token tells, what a reader makes of it, and what becomes of the figures."""

import pytest
from benchmarks.crowd import Crowd, NotBegun, Reader, Talk, Tally
from benchmarks.figures import Sample
from benchmarks.goals import Results, goals
from benchmarks.learner import Learner
from benchmarks.live import First, Lived, Step, live_tables
from benchmarks.load import LoadFailed
from benchmarks.replies import Reply
from benchmarks.servers.paced import TICKS_A_TOKEN, TOKEN_BYTES, dues, now, ticks_between, word

DUE = 1_234_567_000


def said(count: int) -> bytes:
    return "".join(word(DUE + nth * TICKS_A_TOKEN) for nth in range(count)).encode()


def test_a_token_tells_when_it_was_due_whatever_is_around_it():
    assert dues(b'event: delta\ndata: {"text":"' + said(2) + b'"}') == [4_567_000, 4_568_000]
    assert {len(said(1)), len(word(0))} == {TOKEN_BYTES}


def test_time_between_a_token_and_its_reading_survives_the_numbers_beginning_anew():
    (due,) = dues(word(9_999_999).encode())
    assert ticks_between(due, 10_000_041) == 42
    assert ticks_between(due, 9_999_998) == -1  # a timer may ring a little early


def test_a_token_that_is_cut_in_two_is_read_once():
    tally = Tally()
    reader = Reader(tally)
    for cut in range(0, 27, 5):
        reader.take(said(3)[cut : cut + 5])
    tally.check()
    assert tally.tokens == 3


def test_a_stream_has_begun_with_its_first_token():
    reader = Reader(Tally())
    reader.take(b"event: started\n\n")
    assert not reader.begun.is_set()
    reader.take(said(1))
    assert reader.begun.is_set()


@pytest.mark.parametrize("wrong", [said(1), said(3)[2 * TOKEN_BYTES :]], ids=["doubled", "missing before it"])
def test_a_doubled_and_a_missing_token_are_failures(wrong: bytes):
    tally = Tally()
    reader = Reader(tally)
    reader.take(said(1))
    reader.take(wrong)
    with pytest.raises(LoadFailed, match="came the one due"):
        tally.check()


def test_lateness_is_noted_while_it_is_measured():
    tally = Tally()
    reader, due = Reader(tally), now()
    reader.take(word(due).encode())
    tally.is_open = True
    reader.take(word(due + TICKS_A_TOKEN).encode())
    (late,) = tally.lateness
    assert -TICKS_A_TOKEN <= late < 0  # it was read a tenth of a second too early


class Refusing:
    """Refuses the second reply."""

    def __init__(self) -> None:
        self.heard = 0

    async def listen(self, talk: Talk, reader: Reader) -> None:
        self.heard += 1
        if self.heard == 2:
            reader.refused("no more")
        else:
            reader.take(said(1))

    async def close(self) -> None:
        pass


async def test_a_refused_reply_is_where_a_crowd_stops_growing():
    tally = Tally()
    crowd = Crowd([Talk(Learner(0, ""), "")] * 3, Refusing(), tally)
    await crowd.grow(1)
    assert crowd.size == 1
    with pytest.raises(NotBegun, match="no more"):
        await crowd.grow(3)


def step(streams: int, tokens: int, cpu_seconds: float, kilobytes: float | None = 25.0) -> Step:
    return Step(streams, Sample(tokens, 6.0, cpu_seconds), 15.0, 30.0, 0.25, kilobytes)


FIRST = First([Reply(0.010, 0.02)], [Reply(0.008, 0.02)])
LIVED = Lived(
    steps=(step(500, 29_400, 2.94), step(750, 36_000, 6.0)),
    over_grpc=step(500, 30_000, 4.0),
    unlogged=step(500, 30_000, 1.5),
    storeless=step(500, 30_000, 1.0, 31.0),
    idle=FIRST,
    busy=FIRST,
)


def test_kept_is_what_was_read_of_what_was_due():
    assert [each.kept for each in LIVED.steps] == pytest.approx([0.98, 0.8])


def test_the_log_is_compared_by_what_a_second_of_cpu_brings():
    assert LIVED.log_ratio == pytest.approx(0.5)


def test_the_tables_have_a_row_for_each_step_and_each_comparison():
    streams, first = live_tables(LIVED)
    assert [row[0] for row in streams.rows] == [
        "500, HTTP (SSE)",
        "750, HTTP (SSE)",
        "500, gRPC",
        "500, HTTP (SSE), no log",
        "500, HTTP (SSE), no store",
    ]
    assert streams.rows[0] == ("500, HTTP (SSE)", "0.980", "15.0", "30.0", "100.0", "0.49", "0.25", "25.0")
    assert first.rows[0] == ("idle, p50", "10.0", "8.0")


def test_goals_are_those_of_what_was_measured():
    assert [(goal.name, goal.verdict) for goal in goals(Results(lived=LIVED))] == [
        ("500 live streams, tokens read : due", "reached"),
        ("memory of an open stream, without a store, kB", "missed"),
        ("memory of a live stream, with log and producer, kB", "reached"),
        ("tokens per second of CPU, durable log : no log", "reached"),
    ]
