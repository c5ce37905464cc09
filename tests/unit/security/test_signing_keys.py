"""The file with the keys."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc.jwk import OctKey, OKPKey

from adapters.security.signing_keys import SigningKeysUnusable, load_or_create_signing_keys, load_signing_keys


def entries(path) -> list[dict[str, str]]:
    return json.loads(path.read_text())["keys"]


def test_keys_are_made_once_and_for_their_owner_alone(tmp_path):
    path = tmp_path / "data" / "keys.json"
    made = load_or_create_signing_keys(path)
    again = load_or_create_signing_keys(path)
    assert (again.signing_id, again.refresh_secret) == (made.signing_id, made.refresh_secret)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_agree_on_the_keys(tmp_path):
    path = tmp_path / "keys.json"
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(load_or_create_signing_keys, [path] * 8))
    assert len({keys.signing_id for keys in found}) == 1
    assert len({keys.refresh_secret for keys in found}) == 1


def test_two_sets_of_keys_have_nothing_in_common(tmp_path):
    one, other = (load_or_create_signing_keys(tmp_path / name) for name in ("one.json", "other.json"))
    assert one.signing_id != other.signing_id
    assert one.refresh_secret != other.refresh_secret
    assert len(one.refresh_secret) == 32


def test_the_first_key_signs_and_every_key_is_published(tmp_path):
    path = tmp_path / "keys.json"
    load_or_create_signing_keys(path)
    fresh = OKPKey.generate_key("Ed25519").as_dict(private=True)
    path.write_text(json.dumps({"keys": [{**fresh, "kid": "2026-03"}, *entries(path)]}))
    keys = load_signing_keys(path)
    assert keys.signing_id == "2026-03"
    assert [key["kid"] for key in keys.public()["keys"]] == list(keys.by_id)
    assert len(keys.by_id) == 2


def test_neither_the_published_keys_nor_what_is_printed_holds_a_secret(tmp_path):
    path = tmp_path / "keys.json"
    keys = load_or_create_signing_keys(path)
    seen = json.dumps(keys.public()) + repr(keys)
    secrets = [entry[name] for entry in entries(path) for name in ("d", "k") if name in entry]
    assert len(secrets) == 2
    assert not any(secret in seen for secret in secrets)


ED25519 = OKPKey.generate_key("Ed25519").as_dict(private=True)
REFRESH = {**OctKey.generate_key(256).as_dict(private=True), "use": "refresh"}


_NO_GOOD = [
    "",
    "no json",
    "\udcff",
    "[]",
    "{}",
    '{"keys": 1}',
    '{"keys": {"a": 1}}',
    json.dumps({"keys": []}),
    json.dumps({"keys": [ED25519]}),
    json.dumps({"keys": [REFRESH]}),
    json.dumps({"keys": [ED25519, REFRESH, REFRESH]}),
    json.dumps({"keys": [ED25519, {**REFRESH, "k": "c2hvcnQ"}]}),
    json.dumps({"keys": [ED25519, {**REFRESH, "k": 1}]}),
    json.dumps({"keys": [ED25519, {**REFRESH, "kty": "OKP"}]}),
    json.dumps({"keys": [{**ED25519, "kid": "a"}, {**ED25519, "kid": "a"}, REFRESH]}),
    json.dumps({"keys": [OKPKey.generate_key("Ed448").as_dict(private=True), REFRESH]}),
    json.dumps({"keys": [OKPKey.generate_key("Ed25519").as_dict(private=False), REFRESH]}),
    json.dumps({"keys": [{**ED25519, "d": "c2hvcnQ"}, REFRESH]}),
    json.dumps({"keys": [{**ED25519, "d": "x"}, REFRESH]}),
]


@pytest.mark.parametrize("content", _NO_GOOD, ids=range(len(_NO_GOOD)))  # the keys in them are new each time
def test_a_file_that_is_no_good_is_refused_by_name_and_not_quoted(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SigningKeysUnusable, match=r"keys\.json") as refused:
        load_or_create_signing_keys(path)
    assert ED25519["d"] not in str(refused.value)
    assert REFRESH["k"] not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_file_that_cannot_be_read_or_made_is_refused_by_name(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "keys.json"):
        with pytest.raises(SigningKeysUnusable) as refused:
            load_or_create_signing_keys(path)
        assert str(refused.value).startswith(f"{path}: ")
