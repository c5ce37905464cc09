"""The memory of verified tokens."""

import asyncio
from datetime import timedelta
from timeit import timeit
from uuid import UUID, uuid4

import pytest

from adapters.security.verified_tokens import TokenVerifier
from domain.identity.errors import TokenExpired, TokenInvalid
from domain.identity.model import Identity, VerifiedToken
from domain.shared.clock import system_clock


class CountingVerify:
    """Verifies what it issued, unless its session was ended; says how often it was asked."""

    def __init__(self, clock):
        self._clock = clock
        self._issued: dict[str, VerifiedToken] = {}
        self.ended: set[UUID] = set()
        self.asked = 0
        self.reached = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    def issue(
        self, token: str, session_id: UUID | None = None, lifetime=timedelta(minutes=10), roles=frozenset()
    ) -> Identity:
        identity = Identity(uuid4(), session_id or uuid4(), roles)
        self._issued[token] = VerifiedToken(identity, self._clock() + lifetime)
        return identity

    async def __call__(self, token: str) -> VerifiedToken:
        self.asked += 1
        if token not in self._issued or self._issued[token].identity.session_id in self.ended:
            raise TokenInvalid
        if self._issued[token].expires_at <= self._clock():
            raise TokenExpired
        self.reached.set()
        await self.gate.wait()
        return self._issued[token]


@pytest.fixture
def verify(clock) -> CountingVerify:
    return CountingVerify(clock)


@pytest.fixture
def verifier(verify, clock) -> TokenVerifier:
    return TokenVerifier(verify, clock, capacity=3)


async def test_a_token_that_carries_a_role_is_verified_at_every_call(verify, verifier):
    admin = verify.issue("a", roles=frozenset({"admin"}))
    assert await verifier.identify("a") == admin
    verify.ended.add(admin.session_id)
    assert verifier.known("a") is None
    with pytest.raises(TokenInvalid):
        await verifier.identify("a")


async def test_a_token_is_verified_once_a_minute(verify, verifier, clock):
    ann = verify.issue("a")
    assert verifier.known("a") is None
    assert [await verifier.identify("a"), await verifier.identify("a"), verifier.known("a")] == [ann] * 3
    assert verify.asked == 1
    clock.advance(seconds=59.9)
    assert verifier.known("a") == ann
    clock.advance(seconds=0.1)
    assert verifier.known("a") is None
    assert await verifier.identify("a") == ann
    assert verify.asked == 2


async def test_a_token_is_not_known_beyond_its_own_expiry(verify, verifier, clock):
    verify.issue("a", lifetime=timedelta(seconds=5))
    await verifier.identify("a")
    clock.advance(seconds=5)
    assert verifier.known("a") is None
    with pytest.raises(TokenExpired):
        await verifier.identify("a")


async def test_a_bad_token_is_never_remembered(verify, verifier):
    for _ in range(2):
        with pytest.raises(TokenInvalid):
            await verifier.identify("forged")
    assert verify.asked == 2
    assert verifier.known("forged") is None


async def test_a_session_ended_here_is_refused_at_once(verify, verifier):
    ended = verify.issue("a").session_id
    verify.issue("a2", ended)
    bob = verify.issue("b")
    for token in ("a", "a2", "b"):
        await verifier.identify(token)
    verify.ended.add(ended)
    verifier.forget(ended)
    for token in ("a", "a2"):
        with pytest.raises(TokenInvalid):
            await verifier.identify(token)
    assert verifier.known("b") == bob


async def test_a_session_ended_elsewhere_is_refused_within_a_minute(verify, verifier, clock):
    identity = verify.issue("a")
    await verifier.identify("a")
    verify.ended.add(identity.session_id)
    clock.advance(seconds=60)
    with pytest.raises(TokenInvalid):
        await verifier.identify("a")


async def test_a_session_that_ends_while_its_token_is_verified_is_not_remembered(verify, verifier):
    identity = verify.issue("a")
    verify.gate.clear()
    asking = asyncio.create_task(verifier.identify("a"))
    await verify.reached.wait()
    verify.ended.add(identity.session_id)
    verifier.forget(identity.session_id)
    verify.gate.set()
    await asking
    assert verifier.known("a") is None


async def test_the_token_unused_for_longest_makes_room(verify, verifier):
    for token in "abc":
        verify.issue(token)
        await verifier.identify(token)
    verifier.known("a")
    verify.issue("d")
    await verifier.identify("d")
    assert [token for token in "abcd" if verifier.known(token)] == ["a", "c", "d"]


async def test_memory_is_bounded_whatever_comes(verify, verifier, clock):
    sessions = uuid4(), uuid4()
    for number in range(100):
        verify.issue(str(number), sessions[number % 2], timedelta(seconds=1 + number % 7))
        await verifier.identify(str(number))
        clock.advance(seconds=number % 3)
        verifier.known(str(number - 1))
    assert len(verifier._known) <= 3
    assert {token for tokens in verifier._tokens_of.values() for token in tokens} == verifier._known.keys()


async def test_two_callers_with_one_new_token_both_get_in(verify, verifier):
    ann = verify.issue("a")
    assert await asyncio.gather(verifier.identify("a"), verifier.identify("a")) == [ann, ann]
    verifier.forget(ann.session_id)
    assert verifier.known("a") is None


async def test_a_known_token_costs_microseconds():
    verify = CountingVerify(system_clock)
    verifier = TokenVerifier(verify, system_clock)
    verify.issue("a" * 400)
    await verifier.identify("a" * 400)
    best = min(timeit(lambda: verifier.known("a" * 400), number=1_000) for _ in range(5)) / 1_000
    # Measured: 0.3 µs. A signature takes some 100: far enough from both for a busy machine.
    assert best < 20e-6
