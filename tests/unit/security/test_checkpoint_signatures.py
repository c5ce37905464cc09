"""Signatures of checkpoints."""

import json

import pytest

from adapters.security.checkpoint_signatures import CheckpointKeys, CheckpointSigner, load_checkpoint_keys
from adapters.security.signing_keys import SigningKeys, SigningKeysUnusable, load_or_create_signing_keys


@pytest.fixture
def keys(tmp_path) -> SigningKeys:
    return load_or_create_signing_keys(tmp_path / "keys.json")


def test_what_a_key_signed_its_public_half_accepts(keys: SigningKeys):
    key_id, signature = CheckpointSigner(keys).sign(b"message")
    assert key_id == keys.signing_id
    assert CheckpointKeys.of(keys.public()).fault(key_id, b"message", signature) is None


@pytest.mark.parametrize("signature", [b"", b"x" * 64, b"x" * 1_000])
def test_another_signature_is_refused_with_the_keys_name(keys: SigningKeys, signature: bytes):
    fault = CheckpointKeys.of(keys.public()).fault(keys.signing_id, b"message", signature)
    assert fault == f"has a signature that is not of the key {keys.signing_id}"


def test_another_message_is_refused(keys: SigningKeys):
    key_id, signature = CheckpointSigner(keys).sign(b"message")
    assert CheckpointKeys.of(keys.public()).fault(key_id, b"another", signature)


def test_a_key_that_is_not_known_is_named(keys: SigningKeys):
    assert CheckpointKeys.of({"keys": []}).fault("2024-01", b"message", b"") == (
        "was signed with a key that is not known here: 2024-01"
    )


def test_public_keys_come_from_a_file(keys: SigningKeys, tmp_path):
    path = tmp_path / "jwks.json"
    unnamed = [{name: value for name, value in key.items() if name != "kid"} for key in keys.public()["keys"]]
    path.write_text(json.dumps({"keys": [{"kty": "RSA", "kid": "other", "n": "AQAB", "e": "AQAB"}, *unnamed]}))
    key_id, signature = CheckpointSigner(keys).sign(b"message")
    assert load_checkpoint_keys(path).fault(key_id, b"message", signature) is None, "unnamed: by its thumbprint"


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "7", '{"keys": 7}', '{"keys": [7]}', '{"keys": [{"kty": "OKP", "crv": "Ed25519"}]}']
)
def test_a_file_that_holds_no_keys_is_named(tmp_path, content: str):
    path = tmp_path / "jwks.json"
    path.write_text(content)
    with pytest.raises(SigningKeysUnusable, match=r"jwks\.json: this is no JSON Web Key Set"):
        load_checkpoint_keys(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SigningKeysUnusable, match=r"jwks\.json: No such file"):
        load_checkpoint_keys(tmp_path / "jwks.json")
