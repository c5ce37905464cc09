"""The file with the master keys: a JSON Web Key Set (RFC 7517) of symmetric keys.

They wrap the keys of users, which encrypt what is personal in events. The first wraps, all unwrap, so that a new key
can be put first.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.security.key_files import create_key_file

KEY_BYTES = 32
"""Of AES-256."""


class MasterKeysUnusable(Exception):
    """The file with the keys cannot be read, or is not what it must be. The message names the file, never a key."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The keys by their id, the one that wraps first."""

    by_id: dict[str, bytes] = field(repr=False)

    @property
    def wrapping_id(self) -> str:
        """The id of the key that wraps."""
        return next(iter(self.by_id))


def load_master_keys(path: Path) -> MasterKeys:
    """Read the keys. Raises MasterKeysUnusable."""
    try:
        entries = json.loads(path.read_bytes())["keys"]
        keys = {_text(entry["kid"]): _key(entry) for entry in entries}
    except OSError as error:
        raise MasterKeysUnusable(f"{path}: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError):
        # From None: the errors of parsers can repeat what they read.
        raise MasterKeysUnusable(f"{path}: this is no JSON Web Key Set of 32-byte keys, each with a kid.") from None
    if not keys or len(keys) < len(entries):
        raise MasterKeysUnusable(f"{path}: it needs at least one key, and a kid of its own for each.")
    return MasterKeys(keys)


def load_or_create_master_keys(path: Path) -> MasterKeys:
    """Read the keys; make them first, readable by their owner alone, when there is no such file.

    Of several processes that make them at once, one wins and the others read its keys. Raises MasterKeysUnusable.
    """
    if not path.exists():
        try:
            create_key_file(path, json.dumps(_new_key_set()).encode())
        except OSError as error:
            raise MasterKeysUnusable(f"{path}: {error.strerror}.") from error
    return load_master_keys(path)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no kid")
    return value


def _key(entry: dict[str, str]) -> bytes:
    key = urlsafe_b64decode(entry["k"] + "==")
    if entry["kty"] != "oct" or len(key) != KEY_BYTES:
        raise ValueError("no key of this kind")
    return key


def _new_key_set() -> dict[str, Any]:
    key = urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=")
    return {"keys": [{"kty": "oct", "use": "enc", "kid": secrets.token_hex(8), "k": key}]}
