"""Pages of two other origins, one of which the product knows, as a real browser lets them call."""

import httpx
import pytest
from browser.conftest import Open, Serve
from browser.learner import Learner
from browser.watched_page import WatchedPage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import Code

from gateway.app import Gateway
from gateway.options import GatewayOptions
from gateway.upstream import UpstreamError
from server.image import our_image

CALL = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
    } catch (error) {
        return { refused: error.message };
    }
}"""
REFUSED = {"refused": "Failed to fetch"}


@pytest.fixture
async def friendly_page(open_page: Open, friend: str) -> WatchedPage:
    return await open_page(friend)


@pytest.fixture
async def strange_page(open_page: Open, stranger: str) -> WatchedPage:
    return await open_page(stranger)


def bearer(learner: Learner) -> dict[str, dict[str, str]]:
    return {"headers": {"authorization": f"Bearer {learner.token}"}}


def sign_up(email: str) -> dict[str, object]:
    terms = f'{{"email": "{email}", "password": "harbour view at dawn", "full_name": "Mei", "accept_terms": true}}'
    return {"method": "POST", "headers": {"content-type": "application/json"}, "body": terms}


async def test_a_page_of_a_known_origin_calls_after_a_preflight(friendly_page, site, learner):
    session = await friendly_page.page.context.new_cdp_session(friendly_page.page)
    asked: list[str] = []
    session.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["method"]))
    await session.send("Network.enable")
    answer = await friendly_page.run(CALL, [f"{site}/api/v2/users/me", bearer(learner)])
    assert answer["status"] == 200
    assert learner.email in answer["text"]
    assert sorted(asked) == ["GET", "OPTIONS"]
    assert friendly_page.complaints == []


async def test_it_reads_the_headers_that_an_answer_has(friendly_page, site, learner):
    answer = await friendly_page.run(CALL, [f"{site}/api/v2/users/me", bearer(learner)])
    async with httpx.AsyncClient() as client:
        sent = (await client.get(f"{site}/api/v2/users/me", **bearer(learner))).headers
    assert {"x-request-id", "etag", "cache-control"} <= sent.keys() & answer["headers"].keys()
    assert answer["headers"]["etag"] == sent["etag"]


async def test_it_sends_every_header_that_means_something(friendly_page, site, learner):
    known = await friendly_page.run(CALL, [f"{site}/api/v2/users/me", bearer(learner)])
    headers = bearer(learner)["headers"] | {
        "if-none-match": known["headers"]["etag"],
        "x-request-id": "from-a-page",
        "x-timeout": "5",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    answer = await friendly_page.run(CALL, [f"{site}/api/v2/users/me", {"headers": headers}])
    assert (answer["status"], answer["headers"]["x-request-id"]) == (304, "from-a-page")


async def test_it_reads_what_was_refused(friendly_page, site):
    answer = await friendly_page.run(CALL, [f"{site}/api/v2/users/me", {}])
    assert (answer["status"], "TOKEN_MISSING" in answer["text"]) == (401, True)


async def test_it_reads_when_to_try_again(friendly_page, friend, serve: Serve):
    site = await serve(Gateway(our_image(), Busy(), GatewayOptions(cors_origins=(friend,))))
    answer = await friendly_page.run(CALL, [f"{site}/api/v2/industries", {}])
    assert (answer["status"], answer["headers"]["retry-after"]) == (429, "7")


async def test_it_streams(friendly_page, site, learner):
    url = f"{site}/api/v2/conversations/{await learner.converse()}/messages"
    headers = bearer(learner)["headers"] | {"content-type": "application/json", "accept": "text/event-stream"}
    body = '{"client_message_id": "m-1", "text": "Good evening."}'
    answer = await friendly_page.run(CALL, [url, {"method": "POST", "headers": headers, "body": body}])
    assert "event: completed" in answer["text"]


async def test_it_may_not_bring_cookies(friendly_page, site):
    assert await friendly_page.run(CALL, [f"{site}/api/v2/industries", {"credentials": "include"}]) == REFUSED


async def test_a_page_of_another_origin_reads_nothing(strange_page, site, learner):
    assert await strange_page.run(CALL, [f"{site}/api/v2/industries", {}]) == REFUSED
    assert await strange_page.run(CALL, [f"{site}/api/v2/users/me", bearer(learner)]) == REFUSED
    assert any("Access-Control-Allow-Origin" in complaint for complaint in strange_page.complaints)


async def test_a_page_of_another_origin_changes_nothing(strange_page, friendly_page, site):
    address = "from-a-strange-page@example.com"
    assert await strange_page.run(CALL, [f"{site}/api/v2/auth/signup", sign_up(address)]) == REFUSED
    answer = await friendly_page.run(CALL, [f"{site}/api/v2/auth/signup", sign_up(address)])
    assert answer["status"] == 201  # nobody had signed up with it


class Busy:
    """An upstream that has too much to do."""

    async def unary(self, _call, _request):
        wait = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=7))
        status = status_pb2.Status(code=Code.RESOURCE_EXHAUSTED, message="too much at once")
        status.details.add().Pack(wait)
        raise UpstreamError(status.SerializeToString())
