"""What is sealed opens with its key, in its place, and nowhere else."""

from base64 import b64decode, b64encode
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings, strategies as st

from adapters.security.master_keys import MasterKeys
from adapters.security.sealing import NotOpened, new_key, open_text, seal_text, unwrap, wrap

KEY = bytes(range(32))
EVENT = UUID(int=1)
MASTER = MasterKeys({"new": b"n" * 32, "old": b"o" * 32})
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, st.uuids(), TEXTS)
@settings(max_examples=200, deadline=None)
def test_every_text_opens_in_its_place(text: str, event_id: UUID, field: str):
    assert open_text(KEY, seal_text(KEY, text, event_id, field), event_id, field) == text


def test_the_same_text_is_sealed_differently_each_time():
    assert len({seal_text(KEY, "Good morning", EVENT, "text") for _ in range(100)}) == 100


def test_a_sealed_text_does_not_show_the_text():
    sealed = seal_text(KEY, "Good morning", EVENT, "text")
    assert b"Good" not in b64decode(sealed)


@pytest.mark.parametrize(
    ("key", "event_id", "field"),
    [(new_key(), EVENT, "text"), (KEY, uuid4(), "text"), (KEY, EVENT, "email")],
    ids=["another key", "another event", "another field"],
)
def test_it_opens_nowhere_else(key: bytes, event_id: UUID, field: str):
    sealed = seal_text(KEY, "Good morning", EVENT, "text")
    with pytest.raises(NotOpened):
        open_text(key, sealed, event_id, field)


def test_every_single_bit_is_authenticated():
    sealed = b64decode(seal_text(KEY, "hi", EVENT, "text"))
    for place in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(NotOpened):
            open_text(KEY, b64encode(changed).decode(), EVENT, "text")


@pytest.mark.parametrize("sealed", ["", "AAAA", "no base64!", "ä", "A" * 1_000])
def test_what_was_never_sealed_does_not_open(sealed: str):
    with pytest.raises(NotOpened):
        open_text(KEY, sealed, EVENT, "text")


def test_a_persons_key_is_wrapped_with_the_first_master_key_and_unwrapped_with_any():
    user, key = uuid4(), new_key()
    assert unwrap(MASTER, "new", user, wrap(MASTER, user, key)) == key
    before_rotation = wrap(MasterKeys({"old": b"o" * 32}), user, key)
    assert unwrap(MASTER, "old", user, before_rotation) == key


def test_a_wrapped_key_is_of_one_person_and_one_master_key():
    user, key = uuid4(), new_key()
    wrapped = wrap(MASTER, user, key)
    for key_id, person in (("old", user), ("new", uuid4())):
        with pytest.raises(NotOpened):
            unwrap(MASTER, key_id, person, wrapped)
    with pytest.raises(NotOpened, match="no master key gone"):
        unwrap(MASTER, "gone", user, wrapped)


def test_keys_are_32_random_bytes():
    assert {len(new_key()) for _ in range(10)} == {32}
    assert len({new_key() for _ in range(100)}) == 100
