"""The file with the master keys."""

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.security.master_keys import MasterKeys, MasterKeysUnusable, load_master_keys, load_or_create_master_keys


def entry(kid: object = "a", size: int = 32, **other: object) -> dict[str, object]:
    key = base64.urlsafe_b64encode(bytes(size)).decode().rstrip("=")
    return {"kty": "oct", "kid": kid, "k": key, **other}


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path):
    path = tmp_path / "data" / "master.json"
    made = load_or_create_master_keys(path)
    assert load_or_create_master_keys(path) == made
    assert [len(key) for key in made.by_id.values()] == [32]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_agree_on_the_keys(tmp_path):
    path = tmp_path / "master.json"
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(load_or_create_master_keys, [path] * 8))
    assert all(keys == found[0] for keys in found)


def test_two_files_have_nothing_in_common(tmp_path):
    one, other = (load_or_create_master_keys(tmp_path / name) for name in ("one.json", "other.json"))
    assert one.wrapping_id != other.wrapping_id
    assert set(one.by_id.values()).isdisjoint(other.by_id.values())


def test_the_first_key_wraps(tmp_path):
    path = tmp_path / "master.json"
    path.write_text(json.dumps({"keys": [entry("new"), entry("old")]}))
    keys = load_master_keys(path)
    assert keys.wrapping_id == "new"
    assert list(keys.by_id) == ["new", "old"]


def test_what_is_printed_holds_no_key():
    assert "secret" not in repr(MasterKeys({"a": b"secret"}))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "7",
        "{}",
        '{"keys": {"a": 1}}',
        *(
            json.dumps({"keys": keys})
            for keys in (
                [],
                [entry(""), entry()],
                [entry(7)],
                [entry(size=31)],
                [entry(size=33)],
                [entry(kty="OKP")],
                [{"kty": "oct", "kid": "a"}],
                [entry(), entry()],
                [entry(k="ä")],
                [7],
            )
        ),
    ],
)
def test_a_file_that_will_not_do_is_named_and_never_quoted(tmp_path, content: str):
    path = tmp_path / "master.json"
    path.write_text(content)
    with pytest.raises(MasterKeysUnusable, match=r"master\.json: ") as refused:
        load_master_keys(path)
    assert "AAAA" not in str(refused.value)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MasterKeysUnusable, match="master"):
        load_or_create_master_keys(tmp_path / "file" / "master.json")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MasterKeysUnusable, match=r"master\.json: No such file"):
        load_master_keys(tmp_path / "master.json")
