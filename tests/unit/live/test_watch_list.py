"""The packed XREAD names each log with its own position, and the stream that wakes it."""

from uuid import UUID

from adapters.live.keys import log_key, wake_key
from adapters.live.watch_list import WatchList
from domain.practice.reply import Position

ONE, TWO = UUID(int=1), UUID(int=2)
WAKE = wake_key(UUID(int=3))


def words(command: bytes) -> list[str]:
    """Unpack a command, checking the lengths it names."""
    lines = command.decode().split("\r\n")
    found = lines[2::2]
    assert lines[0] == f"*{len(found)}"
    assert lines[1:-1:2] == [f"${len(word)}" for word in found]
    return found


def streams(watched: WatchList) -> dict[str, str]:
    found = words(watched.command())
    assert found[:6] == ["XREAD", "COUNT", "64", "BLOCK", "5000", "STREAMS"]
    half = (len(found) - 6) // 2
    return dict(zip(found[6 : 6 + half], found[6 + half :], strict=True))


def test_each_log_is_read_from_its_own_position() -> None:
    watched = WatchList(WAKE)
    watched.add(ONE, Position(1, 0))
    watched.add(TWO, Position(2, 17))

    assert streams(watched) == {WAKE: "0-0", log_key(ONE): "1-0", log_key(TWO): "2-17"}
    assert len(watched) == 2


def test_an_answer_moves_its_log_and_no_other() -> None:
    watched = WatchList(WAKE)
    watched.add(ONE, Position(1, 0))
    watched.add(TWO, Position(1, 0))

    assert watched.advance(log_key(TWO).encode(), b"1-9") == TWO
    assert watched.advance(WAKE.encode(), b"1700000000000-0") is None

    assert streams(watched) == {WAKE: "1700000000000-0", log_key(ONE): "1-0", log_key(TWO): "1-9"}


def test_a_dropped_log_is_read_no_more_and_its_late_answers_are_nobodys() -> None:
    watched = WatchList(WAKE)
    watched.add(ONE, Position(1, 0))

    watched.drop(ONE)
    watched.drop(ONE)

    assert watched.advance(log_key(ONE).encode(), b"1-9") is None
    assert streams(watched) == {WAKE: "0-0"}
    assert ONE not in watched


def test_every_key_carries_a_hash_tag() -> None:
    assert log_key(ONE) == f"fp:gen:{{{ONE}}}:log"
    assert wake_key(ONE) == f"fp:hub:{{{ONE}}}:wake"
