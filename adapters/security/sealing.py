"""Encrypting what is personal: AES-256-GCM, each text with a nonce of its own, under the key of the person it is about.

A sealed text is the nonce and the ciphertext with its tag. What it belongs to is authenticated with it, so that it
opens nowhere else.
"""

import os
from base64 import b64decode, b64encode
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.security.master_keys import KEY_BYTES, MasterKeys

_NONCE_BYTES = 12  # NIST SP 800-38D, 5.2.1.1: recommended for GCM


class NotOpened(Exception):
    """This key does not open this: either is damaged, or they do not belong together."""


def new_key() -> bytes:
    """Return a key for one person."""
    return os.urandom(KEY_BYTES)


def wrap(master: MasterKeys, user_id: UUID, key: bytes) -> bytes:
    """Return a person's key, encrypted with the master key that wraps."""
    return _seal(master.by_id[master.wrapping_id], key, user_id.bytes)


def unwrap(master: MasterKeys, key_id: str, user_id: UUID, wrapped: bytes) -> bytes:
    """Return the person's key. Raises NotOpened, also when the master key is not among ours."""
    if key_id not in master.by_id:
        raise NotOpened(f"there is no master key {key_id}")
    return _open(master.by_id[key_id], wrapped, user_id.bytes)


def seal_text(key: bytes, text: str, event_id: UUID, field: str) -> str:
    """Return a field's text sealed, as base64."""
    return b64encode(_seal(key, text.encode(), _place(event_id, field))).decode()


def open_text(key: bytes, sealed: str, event_id: UUID, field: str) -> str:
    """Return the text of a sealed field. Raises NotOpened."""
    try:
        return _open(key, b64decode(sealed, validate=True), _place(event_id, field)).decode()
    except ValueError:
        raise NotOpened("it is not base64") from None


def seal_bytes(key: bytes, content: bytes, place: bytes) -> bytes:
    """Return content sealed; it opens with the same `place` alone."""
    return _seal(key, content, place)


def open_bytes(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """Return what was sealed. Raises NotOpened."""
    return _open(key, sealed, place)


def _place(event_id: UUID, field: str) -> bytes:
    return event_id.bytes + field.encode()


def _seal(key: bytes, content: bytes, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place)


def _open(key: bytes, sealed: bytes, place: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        raise NotOpened("it was sealed with another key, for another place, or is damaged") from None
