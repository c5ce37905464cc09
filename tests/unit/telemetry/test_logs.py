import asyncio
import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.telemetry.lines import BufferedLines
from adapters.telemetry.logs import configure_logs
from domain.shared.origin import Origin, current_origin

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stream():
    """What is logged, with the logging of the test run put back in the end."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logs("info", stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_and_logger(stream) -> None:
    logging.getLogger("server.x").warning("the check %r fails", "database")
    logging.getLogger("server.x").debug("not from this level on")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "the check 'database' fails", "level": "warning", "logger": "server.x"}


def test_a_line_has_the_ids_of_the_request_it_happens_in(stream) -> None:
    token = current_origin.set(Origin("r-1", "user:0c9f"))
    logging.getLogger("x").info("one")
    logging.getLogger("x").info("two", extra={"request_id": "r-2"})
    current_origin.reset(token)
    assert [(line["request_id"], line["actor"]) for line in lines(stream)] == [
        ("r-1", "user:0c9f"),
        ("r-2", "user:0c9f"),
    ]


def test_an_error_has_its_traceback_in_the_same_line(stream) -> None:
    try:
        {}["k"]
    except KeyError:
        logging.getLogger("x").exception("failed")
    (line,) = lines(stream)
    assert "KeyError: 'k'" in str(line["exception"])


async def test_lines_are_written_together_soon_after() -> None:
    class Stream(io.StringIO):
        def __init__(self) -> None:
            super().__init__()
            self.flushed = asyncio.Event()

        def flush(self) -> None:
            self.flushed.set()

    stream = Stream()
    buffered = BufferedLines(stream)
    buffered.append("a")
    buffered.append("b")
    assert stream.getvalue() == ""
    await stream.flushed.wait()
    assert stream.getvalue() == "a\nb\n"
    buffered.flush()
    assert stream.getvalue() == "a\nb\n"


def test_without_a_loop_a_line_is_written_at_once() -> None:
    stream = io.StringIO()
    BufferedLines(stream).append("a")
    assert stream.getvalue() == "a\n"


def test_the_last_lines_are_written_when_the_process_exits() -> None:
    code = """
import asyncio
from adapters.telemetry.logs import AccessLog

async def main():
    AccessLog().write(method="/a.B/C", time=1.5)

asyncio.run(main())
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(told.stderr) == {"method": "/a.B/C", "time": 1.5, "event": "rpc"}
