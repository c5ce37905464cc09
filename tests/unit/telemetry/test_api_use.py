"""Counting who still calls deprecated versions."""

from datetime import UTC, date, datetime

import pytest
from prometheus_client import CollectorRegistry

from adapters.telemetry.api_use import ApiUse, Use
from adapters.telemetry.metrics import exposition

VERSION, METHOD = "shop.v1", "/shop.v1.Shop/Buy"


@pytest.fixture
def time():
    """The time, in a list: tests turn the clock by its only element."""
    return [datetime(2026, 11, 30, 23, 59, tzinfo=UTC)]


@pytest.fixture
def use(time) -> ApiUse:
    return ApiUse(lambda: time[0])


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [
        ("fluentpro-ios/3.2 (iPhone; iOS 19)", "fluentpro-ios/3.2"),
        ("grpc-python/1.80.0 grpc-c/50 (linux)", "grpc-python/1.80.0"),
        ("curl", "curl"),
        ("", "unnamed"),
        (" curl", "unnamed"),
        ('"quoted"', "unnamed"),
        ("a" * 100, "a" * 64),
    ],
)
def test_a_client_is_the_first_word_of_its_user_agent(use, user_agent, client):
    assert use.client(user_agent) == client


def test_after_two_hundred_clients_the_next_ones_are_others(use):
    assert [use.client(f"app/{number}") for number in range(200)] == [f"app/{number}" for number in range(200)]
    assert use.client("app/200") == "others"
    assert use.client("app/7") == "app/7"


def test_only_the_first_call_of_a_day_is_news(use, time):
    assert use.count(VERSION, METHOD, "app/1")
    assert not use.count(VERSION, METHOD, "app/1")
    assert use.count(VERSION, METHOD, "app/2")
    time[0] = datetime(2026, 12, 1, tzinfo=UTC)
    assert use.count(VERSION, METHOD, "app/1")
    assert not use.count(VERSION, METHOD, "app/1")


def test_what_was_taken_is_new_no_more_unless_it_is_put_back(use, time):
    use.count(VERSION, METHOD, "app/1")
    time[0] = datetime(2026, 12, 1, tzinfo=UTC)
    use.count(VERSION, METHOD, "app/1")
    use.count(VERSION, METHOD, "app/1")
    taken = use.take()
    assert taken == {
        Use(date(2026, 11, 30), VERSION, METHOD, "app/1"): 1,
        Use(date(2026, 12, 1), VERSION, METHOD, "app/1"): 2,
    }
    assert use.take() == {}
    use.count(VERSION, METHOD, "app/1")
    use.put_back(taken)
    assert use.take()[Use(date(2026, 12, 1), VERSION, METHOD, "app/1")] == 3


def test_prometheus_reads_the_totals(use):
    registry = CollectorRegistry()
    registry.register(use)
    use.count(VERSION, METHOD, "app/1")
    use.take()
    use.count(VERSION, METHOD, "app/1")
    labels = 'client="app/1",grpc_method="Buy",grpc_service="shop.v1.Shop",version="shop.v1"'
    assert f"fluentpro_deprecated_calls_total{{{labels}}} 2.0" in exposition(registry).decode()
