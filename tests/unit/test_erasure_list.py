"""The file that lists who was erased."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from adapters.erasure_list import ErasureList

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept" / "erasures.jsonl"


def erased(count: int) -> list[tuple[UUID, datetime]]:
    return [(uuid4(), NOON) for _ in range(count)]


def lines(path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_everybody_has_a_line_that_says_when(path):
    (user_id, _), *_ = somebody = erased(1)
    assert ErasureList(path).users() == frozenset()
    assert ErasureList(path).add(somebody) == 1
    assert lines(path) == [{"user_id": str(user_id), "erased_at": "2026-03-01T12:00:00+00:00"}]
    assert ErasureList(path).users() == {user_id}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nobody_is_written_twice_by_one_or_by_another(path):
    first, second = erased(3), erased(2)
    one, other = ErasureList(path), ErasureList(path)
    assert [one.add(first), other.add(first), one.add(first + second), other.add(first + second)] == [3, 0, 2, 0]
    assert one.add(second) == other.add(first) == 0
    assert len(lines(path)) == 5
    assert one.users() == other.users() == {user_id for user_id, _ in first + second}


def test_many_who_write_at_once_write_everybody_once(path):
    everybody = erased(200)
    with ThreadPoolExecutor(8) as threads:
        written = threads.map(lambda start: ErasureList(path).add(everybody[start : start + 100]), range(0, 104, 8))
        assert sum(written) == 200 - 4
    assert {UUID(line["user_id"]) for line in lines(path)} == {user_id for user_id, _ in everybody[:196]}
    assert len(lines(path)) == 196


@pytest.mark.parametrize("torn", [1, 20, 60, 96])
def test_a_line_that_a_crash_tore_is_written_again(path, torn):
    before, after = erased(3), erased(1)
    ErasureList(path).add(before)
    whole = path.read_bytes()
    path.write_bytes(whole[:-torn])
    again = ErasureList(path)
    again.add(before + after)
    assert ErasureList(path).users() == {user_id for user_id, _ in before + after}
    assert path.read_bytes().endswith(b"\n")


def test_what_is_no_line_of_ours_is_passed_over_and_left_alone(path):
    somebody = erased(1)
    path.parent.mkdir()
    path.write_text('\n# kept since March\n{"user_id": 7}\n[]\n{"user_id": "nobody"}\n\xff\n', encoding="latin-1")
    before = path.read_bytes()
    listed = ErasureList(path)
    assert listed.users() == frozenset()
    assert listed.add(somebody) == 1
    assert path.read_bytes().startswith(before)


def test_another_file_in_its_place_is_noticed(path):
    somebody = erased(2)
    listed = ErasureList(path)
    listed.add(somebody)
    path.unlink()
    assert listed.add(somebody) == 2
    path.write_bytes(b"")
    assert listed.add(somebody) == 2
    assert listed.users() == {user_id for user_id, _ in somebody}
