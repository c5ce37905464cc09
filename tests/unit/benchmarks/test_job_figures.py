"""What the benchmark of jobs makes of its figures."""

from benchmarks.jobs import Worked, jobs_table


def test_the_table_has_waits_claims_and_the_rounds_median_of_the_rate():
    waits = [number / 1000 for number in range(1, 101)]
    table = jobs_table(Worked(waits, rates=[100.0, 80.0, 300.0], claims=[0.0012, 0.002], backlog=200))
    assert table.rows == (
        ("enqueue to start, idle, p50 ms", "50.0"),
        ("enqueue to start, idle, p99 ms", "99.0"),
        ("claim, p50 ms", "1.2"),
        ("claim, p99 ms", "2.0"),
        ("jobs/s, one worker process", "100"),
    )
    assert "commit of 200 jobs" in table.note
