"""Calls of deprecated versions below the doors, and an operator's say about their last day."""

from datetime import UTC, date, datetime
from math import inf

import pytest

from adapters.settings import SettingsError
from adapters.telemetry.api_use import ApiUse
from gateway.deprecation import Deprecation, deprecation_of
from gateway.lifecycle import Lifecycle, start_of
from gateway.versions import Version, read_versions
from server.chain import Chain, DeadlineCaps
from server.image import our_image
from server.interceptors.deprecation import ApiVersionSunset, Deprecations, deprecations_of
from server.method import Method
from server.sunset import with_sunsets
from server.versions_command import lines

OLD, NEW = "/shop.v1.Shop/Buy", "/shop.v2.Shop/Buy"
LIFE = Lifecycle("DEPRECATED", "2026-11-01", "2028-12-31", successor="shop.v2")
SUNSET = start_of("2028-12-31")


@pytest.fixture
def deprecation() -> Deprecation:
    made = deprecation_of("v1", LIFE, "/api/v2")
    assert made is not None
    return made


@pytest.fixture
def use() -> ApiUse:
    return ApiUse(lambda: datetime(2026, 11, 30, tzinfo=UTC))


@pytest.fixture
def now() -> list[float]:
    """The time, in a list: tests turn the clock by its only element."""
    return [SUNSET - 0.001]


@pytest.fixture
def interceptor(deprecation, use, now) -> Deprecations:
    return Deprecations({"shop.v1": deprecation}, use, lambda: now[0])


async def test_a_call_is_counted_and_gets_the_notices(interceptor, make_call, use, caplog) -> None:
    first, second = (make_call(OLD, user_agent="app/1 (test)") for _ in range(2))
    await interceptor.begin(first)
    await interceptor.begin(second)
    assert dict(first.notices) == {
        "deprecation": "@1793491200",
        "sunset": "Sun, 31 Dec 2028 00:00:00 GMT",
        "link": '</api/v2>; rel="successor-version"',
    }
    assert [(each.client, calls) for each, calls in use.take().items()] == [("app/1", 2)]
    assert caplog.messages == [f"app/1 calls {OLD}, which is deprecated"]


async def test_from_the_first_millisecond_of_the_sunset_day_it_is_refused(interceptor, make_call, now, use) -> None:
    await interceptor.begin(make_call(OLD))
    now[0] = float(SUNSET)
    call = make_call(OLD)
    with pytest.raises(ApiVersionSunset, match=r"v1 ended on 2028-12-31\. Use shop\.v2\.") as refusal:
        await interceptor.begin(call)
    assert refusal.value.metadata == {"version": "v1", "sunset_date": "2028-12-31", "successor": "shop.v2"}
    assert call.notices
    assert sum(use.take().values()) == 2


async def test_calls_of_other_versions_never_come_here(interceptor, make_call) -> None:
    async def behaviour(request: str, _call: object) -> str:
        return request

    chain = Chain([interceptor], DeadlineCaps(1, 1))
    method = Method(NEW, behaviour, bytes.decode, str.encode, client_streams=False, server_streams=False)
    interceptor.begin = None  # whoever awaits it fails
    assert await chain.unary(method, b"x", make_call(NEW)) == b"x"
    assert interceptor.concerns(OLD)


def test_our_own_contract_says_which_versions_end() -> None:
    found = deprecations_of(our_image())
    assert found["fluentpro.v1"].ends_at == SUNSET
    assert "fluentpro.v2" not in found


def test_an_operator_may_move_the_day_later() -> None:
    image = with_sunsets(our_image(), {"v1": date(2029, 6, 30)})
    moved = read_versions(image)["fluentpro.v1"].deprecation
    assert moved is not None
    assert (moved.ends_at, moved.meta["sunset_date"]) == (start_of("2029-06-30"), "2029-06-30")
    assert deprecations_of(our_image())["fluentpro.v1"].ends_at == SUNSET


def test_without_a_say_the_image_is_the_contracts() -> None:
    assert with_sunsets(our_image(), {}) is our_image()


@pytest.mark.parametrize(
    ("sunsets", "problem"),
    [
        ({"v1": date(2028, 12, 30)}, "v1 answers until 2028-12-31, and the day can only be moved to a later one"),
        ({"v2": date(2029, 1, 1)}, "v2 has no last day that could be moved"),
        ({"v7": date(2029, 1, 1)}, "there is no version v7; there are v1, v2"),
    ],
)
def test_any_other_say_is_refused(sunsets: dict[str, date], problem: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        with_sunsets(our_image(), sunsets)
    assert refusal.value.problems == (f"FLUENTPRO_SUNSET: {problem}",)


def test_versions_are_printed_with_their_dates_and_their_callers(deprecation) -> None:
    versions = [
        Version("shop.v2", "/api/v2", lifecycle=Lifecycle("STABLE")),
        Version("shop.v1", "/api/v1", lifecycle=LIFE, deprecation=deprecation),
        Version("google.rpc"),
    ]
    assert list(lines(versions, [("shop.v1", OLD, "app/1", 12), ("shop.v1", OLD, "curl", 3)])) == [
        "shop.v2  STABLE  /api/v2",
        "shop.v1  DEPRECATED  /api/v1",
        "  deprecated on 2026-11-01",
        "  sunset on 2028-12-31, the first day without answers (UTC)",
        "  successor shop.v2",
        "  15 calls in the last 7 days:",
        f"           12  {'app/1':32} {OLD}",
        f"            3  {'curl':32} {OLD}",
    ]
    assert list(lines(versions[1:2], []))[-1] == "  0 calls in the last 7 days"


def test_a_version_without_a_last_day_answers_for_ever() -> None:
    made = deprecation_of("v1", Lifecycle("DEPRECATED", "2026-11-01"), "")
    assert made is not None
    assert (made.ends_at, [name for name, _ in made.headers]) == (inf, [b"deprecation"])
