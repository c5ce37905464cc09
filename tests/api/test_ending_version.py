"""The first API on its last day and on the day after, beside the second one: the whole product with a clock to turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import grpc
import httpx
import pytest
from api.conftest import ANY_PORT, Product
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from fluentpro.v1.onboarding_service_pb2 import GetLanguagesRequest
from fluentpro.v1.onboarding_service_pb2_grpc import OnboardingServiceStub
from gateway.lifecycle import start_of
from server.hosting import Host, HostOptions
from server.service import build_service

SUNSET = start_of("2028-12-31")
LANGUAGES = "/api/v1/onboarding/languages/"
HEADERS = {"deprecation": "@1793491200", "sunset": "Sun, 31 Dec 2028 00:00:00 GMT"}


@dataclass
class Ending:
    """A host of its own on the product's application."""

    now: float
    http: httpx.AsyncClient
    channel: grpc.aio.Channel

    async def over_grpc(self) -> Any:
        """Return the languages that a v1 stub gets, or the error."""
        try:
            return await OnboardingServiceStub(self.channel).GetLanguages(GetLanguagesRequest(), timeout=20)
        except grpc.aio.AioRpcError as error:
            return error


@pytest.fixture(params=[{}, {"v1": date(2029, 6, 30)}], ids=["as the contract says", "moved"])
def sunset(request: pytest.FixtureRequest) -> dict[str, date]:
    return request.param


@pytest.fixture
async def ending(product: Product, sunset: dict[str, date]) -> AsyncIterator[Ending]:
    settings = product.settings.model_copy(update={"sunset": sunset})
    clock: list[Ending] = []
    service = build_service(product.application, settings, product.access_log, now=lambda: clock[0].now)
    host = Host(service, HostOptions(ANY_PORT, ANY_PORT))
    await host.start()
    async with (
        grpc.aio.insecure_channel(str(host.grpc_listen)) as channel,
        httpx.AsyncClient(base_url=f"http://{host.http_listen}", timeout=20) as http,
    ):
        clock.append(Ending(SUNSET - 0.001, http, channel))
        yield clock[0]
    await host.stop(0)


async def test_it_answers_to_its_last_millisecond_and_says_until_when(ending: Ending, sunset) -> None:
    response = await ending.http.get(LANGUAGES)
    assert response.status_code == 200
    said = response.json()["_meta"]["deprecation"]
    assert said["sunset_date"] == ("2029-06-30" if sunset else "2028-12-31")
    assert response.headers["deprecation"] == HEADERS["deprecation"]
    assert (await ending.over_grpc()).languages


async def test_then_it_is_gone_through_both_doors_unless_the_day_was_moved(ending: Ending, sunset) -> None:
    ending.now = float(SUNSET)
    response, over_grpc = await ending.http.get(LANGUAGES), await ending.over_grpc()
    if sunset:
        assert response.status_code == 200
        assert over_grpc.languages
        return
    assert response.status_code == 410
    assert response.json()["error"]["code"] == "API_VERSION_SUNSET"
    assert HEADERS.items() <= response.headers.items()
    assert over_grpc.code() is grpc.StatusCode.UNIMPLEMENTED
    trailers = {key: value for key, value in over_grpc.trailing_metadata() if key in (*HEADERS, "link")}
    assert HEADERS.items() <= trailers.items()
    assert trailers["link"] == response.headers["link"]
    details = dict(over_grpc.trailing_metadata())["grpc-status-details-bin"]
    info = ErrorInfo()
    assert Status.FromString(details).details[0].Unpack(info)
    assert (info.reason, info.domain) == ("API_VERSION_SUNSET", "fluentpro")


async def test_the_second_version_does_not_notice(ending: Ending) -> None:
    ending.now = float(SUNSET)
    response = await ending.http.get("/api/v2/languages")
    assert response.status_code == 200
    assert "deprecation" not in response.json()["meta"]
    assert not HEADERS.keys() & response.headers.keys()


async def test_who_still_calls_is_counted_through_both_doors(ending: Ending, product: Product) -> None:
    await ending.http.get(LANGUAGES, headers={"user-agent": "fluentpro-ios/3.2 (test)"})
    await ending.over_grpc()
    page = (await ending.http.get("/metrics")).text
    counted = [line for line in page.splitlines() if line.startswith("fluentpro_deprecated_calls_total{")]
    assert any('client="fluentpro-ios/3.2",grpc_method="GetLanguages"' in line for line in counted)
    assert any('client="grpc-python-asyncio/' in line for line in counted)


async def test_the_documents_show_the_day(ending: Ending, sunset) -> None:
    document = (await ending.http.get("/openapi/v1.json")).json()
    day = "2029-06-30" if sunset else "2028-12-31"
    assert f"It answers until {day}." in document["info"]["description"]
    assert "410" in document["paths"]["/api/v1/onboarding/languages"]["get"]["responses"]
