"""What administrators may do about dead letters."""

from datetime import timedelta

import pytest
from fakes.audit import FakeDeadLetterStore, a_dead_letter
from fakes.identity import NOON, SettableClock

from domain.audit.dead_letter import DeadLetterState
from domain.audit.dead_letters import DiscardDeadLetter, ListDeadLetters, RetryDeadLetter
from domain.audit.errors import DeadLetterClosed, DeadLetterNotFound
from domain.audit.events import DeadLetterDiscarded, DeadLetterRetried
from domain.shared.errors import InvalidRequest
from domain.shared.pages import PageRequest

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def store() -> FakeDeadLetterStore:
    return FakeDeadLetterStore()


@pytest.fixture
def retry(store) -> RetryDeadLetter:
    return RetryDeadLetter(store.work, SettableClock(LATER))


@pytest.fixture
def discard(store) -> DiscardDeadLetter:
    return DiscardDeadLetter(store.work, SettableClock(LATER))


async def test_a_retry_queues_the_letter_and_says_so(store, retry):
    letter = a_dead_letter()
    await store.put(letter)
    queued = await retry(str(letter.id))
    assert store.letters[letter.id] == queued
    assert (queued.state, queued.updated_at, queued.tries) == (DeadLetterState.QUEUED, LATER, 5)
    assert store.events == [
        DeadLetterRetried(dead_letter_id=letter.id, handler=letter.handler, event_id=letter.event_id)
    ]


async def test_a_second_retry_changes_nothing(store, retry):
    letter = a_dead_letter()
    await store.put(letter)
    assert await retry(str(letter.id)) == await retry(str(letter.id))
    assert len(store.events) == 1


@pytest.mark.parametrize("state", [DeadLetterState.DEAD, DeadLetterState.QUEUED])
async def test_what_is_discarded_is_out_of_the_way(store, discard, state):
    letter = a_dead_letter(state=state)
    await store.put(letter)
    discarded = await discard(str(letter.id))
    assert store.letters[letter.id] == discarded
    assert (discarded.state, discarded.updated_at) == (DeadLetterState.DISCARDED, LATER)
    assert store.events == [
        DeadLetterDiscarded(dead_letter_id=letter.id, handler=letter.handler, event_id=letter.event_id)
    ]


@pytest.mark.parametrize("state", [DeadLetterState.RESOLVED, DeadLetterState.DISCARDED])
@pytest.mark.parametrize("decision", ["retry", "discard"])
async def test_what_is_settled_stays_so(store, request, decision, state):
    letter = a_dead_letter(state=state)
    await store.put(letter)
    with pytest.raises(DeadLetterClosed) as refused:
        await request.getfixturevalue(decision)(str(letter.id))
    assert refused.value.metadata == {"dead_letter_id": str(letter.id), "state": state.value}
    assert store.events == []


@pytest.mark.parametrize(
    "dead_letter_id", ["", "x\0", "{7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11}", "7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11"]
)
@pytest.mark.parametrize("decision", ["retry", "discard"])
async def test_an_id_that_is_none_of_ours_is_not_found(request, decision, dead_letter_id):
    with pytest.raises(DeadLetterNotFound):
        await request.getfixturevalue(decision)(dead_letter_id)


async def test_the_list_comes_in_pages_of_what_is_open(store):
    letters = [a_dead_letter(minutes=minutes) for minutes in range(5)]
    await store.put(*letters, a_dead_letter(state=DeadLetterState.RESOLVED))
    list_letters = ListDeadLetters(store.reads)
    first = await list_letters(PageRequest(3))
    second = await list_letters(PageRequest(3, first.next_after))
    assert [*first.items, *second.items] == letters[::-1]
    assert second.next_after is None
    assert len((await list_letters(PageRequest(10), ())).items) == 6


@pytest.mark.parametrize(
    "place",
    [
        "",
        "x",
        "2026-03-01 7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11",
        "2026-03-01T12:00:00+01:00 7d0c0a52-96f5-4c0b-8f3e-1f0a6f0d9b11",
    ],
)
async def test_a_page_begins_nowhere_else(store, place):
    with pytest.raises(InvalidRequest):
        await ListDeadLetters(store.reads)(PageRequest(3, place))
