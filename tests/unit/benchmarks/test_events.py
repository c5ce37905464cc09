"""What the benchmark of events makes of its rounds."""

from benchmarks.events import Latency, Moved, Round, events_table

ROUNDS = tuple(
    Round(
        published=6_000.0 * slow,
        published_singly=500.0 * slow,
        handled=3_000.0 * slow,
        handled_singly=200.0 * slow,
        appended_by_one=700.0,
        appended_by_many=1_500.0,
        idle=Latency(p50=4.0, p99=9.0),
        busy=Latency(p50=5.0, p99=20.04),
    )
    for slow in (1.0, 0.5, 0.25)
)


def test_ratios_are_taken_round_by_round():
    assert (Moved(ROUNDS).publish_ratio, Moved(ROUNDS).handle_ratio) == (12.0, 15.0)


def test_the_table_has_the_rounds_medians():
    rows = dict(events_table(Moved(ROUNDS)).rows)
    assert rows["publishing, events/s"] == "3,000"
    assert rows["appending, 8 writers, events/s"] == "1,500"
    assert rows["commit to handler, 200 events/s, p99 ms"] == "20.0"
    assert len(rows) == 10
