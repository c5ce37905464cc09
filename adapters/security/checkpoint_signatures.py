"""The signatures of checkpoints: Ed25519 (RFC 8032), by the keys that sign access tokens."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from adapters.security.signing_keys import ALGORITHM, SigningKeys, SigningKeysUnusable


class CheckpointSigner:
    """Implements `domain.audit.checkpoints.Signer`."""

    def __init__(self, keys: SigningKeys) -> None:
        self._key_id = keys.signing_id
        self._key = cast("Ed25519PrivateKey", keys.by_id[keys.signing_id].private_key)

    def sign(self, message: bytes) -> tuple[str, bytes]:
        """Return the id of the key and the signature, 64 bytes."""
        return self._key_id, self._key.sign(message)


class CheckpointKeys:
    """Implements `domain.audit.checkpoint_check.Signatures` over public keys by their id."""

    def __init__(self, by_id: Mapping[str, Ed25519PublicKey]) -> None:
        self._by_id = by_id

    @classmethod
    def of(cls, key_set: Mapping[str, Any]) -> Self:
        """Return the Ed25519 keys of a JSON Web Key Set. Raises ValueError, TypeError, KeyError, JoseError."""
        entries = [entry for entry in key_set["keys"] if entry.get("crv") == ALGORITHM]
        keys = [(entry, OKPKey.import_key(entry)) for entry in entries]
        return cls(
            {entry.get("kid") or key.thumbprint(): cast("Ed25519PublicKey", key.public_key) for entry, key in keys}
        )

    def fault(self, key_id: str, message: bytes, signature: bytes) -> str | None:
        """Say what is wrong with a signature; None when it is good."""
        key = self._by_id.get(key_id)
        if key is None:
            return f"was signed with a key that is not known here: {key_id}"
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return f"has a signature that is not of the key {key_id}"
        return None


def load_checkpoint_keys(path: Path) -> CheckpointKeys:
    """Read public keys from a file such as `/.well-known/jwks.json` gives. Raises SigningKeysUnusable."""
    try:
        return CheckpointKeys.of(json.loads(path.read_bytes()))
    except OSError as error:
        raise SigningKeysUnusable(f"{path}: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError, JoseError):
        raise SigningKeysUnusable(f"{path}: this is no JSON Web Key Set of public keys.") from None
