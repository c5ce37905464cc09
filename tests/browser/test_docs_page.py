"""The docs page in a browser, in front of the whole product."""

import asyncio
import json
import os
from typing import Any

import httpx
import pytest
from browser.conftest import DESKTOP, PHONE, Open
from browser.docs_page import DocsReader, OpenOperation
from browser.learner import Learner
from playwright.async_api import Error, ViewportSize

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


@pytest.fixture
async def reader(open_page: Open, site: str) -> DocsReader:
    return await DocsReader(await open_page(f"{site}/docs")).settle()


async def say_something(reader: DocsReader, learner: Learner) -> OpenOperation:
    operation = await reader.open("ConversationService_SendMessage")
    message = {"client_message_id": "m-1", "text": "Good evening, and welcome."}
    await operation.fill(json.dumps(message), conversation_id=await learner.converse())
    return operation


@SIZES
async def test_every_operation_is_there_and_nothing_comes_from_elsewhere(open_page, site, size: ViewportSize):
    reader = await DocsReader(await open_page(f"{site}/docs", size)).settle()
    page = reader.shown.page
    async with httpx.AsyncClient() as client:
        document = (await client.get(f"{site}/openapi.json")).json()
    paths = document["paths"].items()
    operations = [each["operationId"] for _, path in paths for key, each in path.items() if key != "x-websocket"]

    assert await page.title() == "FluentPro v2"
    assert await page.get_by_role("heading", level=1).inner_text() == "FluentPro v2"
    for tag in document["tags"]:
        assert await page.get_by_role("heading", name=tag["name"]).is_visible()
    shown = await page.locator(".opblock").evaluate_all("blocks => blocks.map(block => block.id)")
    assert {name.split("-", 2)[2] for name in shown} == set(operations)
    for socket in [path for path, item in paths if "x-websocket" in item]:
        assert await page.get_by_text(socket, exact=True).is_visible()
    assert await page.locator("#deprecation").count() == 0
    assert await page.locator("nav a").all_inner_texts() == ["v2 beta", "v1 deprecated"]

    assert await reader.shown.overflow() == 0
    assert reader.shown.foreign_requests == []
    assert reader.shown.complaints == []


async def test_a_link_of_the_intro_opens_its_operation(open_page, site):
    reader = await DocsReader(await open_page(f"{site}/docs", PHONE)).settle()
    page = reader.shown.page
    targets = await page.locator(".intro a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    blocks = [page.locator(f"#operations-{target.removeprefix('#/').replace('/', '-')}") for target in targets]
    assert [await block.count() for block in blocks] == [1] * 4
    await page.get_by_role("link", name="say something").click()
    await blocks[-1].get_by_role("button", name="Try it out").wait_for()
    assert await reader.shown.overflow() == 0
    assert reader.shown.complaints == []


@SIZES
async def test_a_token_that_was_given_once_is_sent(open_page, site, learner, size: ViewportSize):
    reader = await DocsReader(await open_page(f"{site}/docs", size)).settle()
    await reader.authorize(learner.token)
    operation = await reader.open("UserService_GetMe")
    await operation.execute()
    status, body = await operation.answer()
    assert (status, json.loads(body)["data"]["email"]) == ("200", learner.email)
    assert await reader.shown.overflow() == 0
    assert reader.shown.complaints == []


async def test_without_a_token_a_locked_operation_says_what_is_missing(reader):
    operation = await reader.open("UserService_GetMe")
    await operation.execute()
    status, body = await operation.answer()
    assert status == "401"
    assert "TOKEN_MISSING" in body


async def test_a_public_operation_needs_no_token(reader):
    operation = await reader.open("CatalogService_ListIndustries")
    await operation.execute()
    status, body = await operation.answer()
    assert (status, len(json.loads(body)["data"]["industries"]) > 3) == ("200", True)
    assert "authorization" not in await operation.sent_headers()


async def test_what_the_document_says_of_everything_is_folded(reader):
    page = reader.shown.page
    about = page.get_by_role("heading", name="Signing in")
    assert not await about.is_visible()
    await page.get_by_text("What holds for all operations").click()
    assert await about.is_visible()


async def test_the_example_of_an_error_is_folded(reader):
    operation = await reader.open("UserService_GetMe")
    missing = operation.block.locator(".responses-table tr[data-code='401']")
    assert "TOKEN_MISSING" in await missing.inner_text()
    assert await missing.locator("pre").count() == 0
    await missing.get_by_role("button", name="Example").click()
    assert "UNAUTHENTICATED" in await missing.locator("pre").first.inner_text()


@SIZES
async def test_events_show_as_they_arrive(open_page, site, learner, size: ViewportSize):
    reader = await DocsReader(await open_page(f"{site}/docs", size)).settle()
    await reader.authorize(learner.token)
    operation = await say_something(reader, learner)
    await operation.execute()
    await operation.events.filter(has_text="delta").first.wait_for()
    assert await operation.block.get_by_role("button", name="Stop").is_visible()  # there is more to come
    await operation.block.get_by_text("the stream has ended").wait_for()
    texts = await operation.events.all_inner_texts()
    assert sum("delta" in text for text in texts) > 1
    assert "completed" in texts[-1]
    assert (await operation.sent_headers())["accept"] == "text/event-stream"
    assert (await operation.answer())[0] == "200"  # Swagger UI has it too
    assert await reader.shown.overflow() == 0
    assert reader.shown.complaints == []


async def test_a_stream_can_be_stopped(reader, learner):
    await reader.authorize(learner.token)
    operation = await say_something(reader, learner)
    await operation.execute()
    await operation.events.filter(has_text="started").wait_for()
    await operation.block.get_by_role("button", name="Stop").click()
    await operation.block.get_by_text("the stream broke off").wait_for()
    assert not await operation.events.filter(has_text="completed").count()


async def run_example(operation: OpenOperation, token: str) -> list[tuple[float, dict[str, Any]]]:
    """Run the JavaScript beside an operation in the page; return what it logs, each with its time in milliseconds."""
    code = await operation.example("JavaScript")
    script = f"""async (token) => {{
        const seen = [];
        const console = {{ log: (event) => seen.push([performance.now(), event]) }};
        {code}
        return seen;
    }}"""
    return await operation.shown.run(script, token)


async def test_the_javascript_beside_a_stream_reads_it_word_by_word(reader, learner):
    seen = await run_example(await say_something(reader, learner), learner.token)
    words = [(time, event["delta"]["text"]) for time, event in seen if "delta" in event]
    assert len(words) > 2
    assert words[-1][0] - words[0][0] > 100  # the partner takes 100 ms for each word
    assert "completed" in seen[-1][1]

    again = await reader.open("ConversationService_ResumeReply")
    await again.fill(generation_id=seen[0][1]["generation_id"])
    assert [event for _, event in await run_example(again, learner.token)] == [event for _, event in seen]


async def test_the_curl_command_beside_a_stream_reads_it(reader, learner):
    operation = await say_something(reader, learner)
    command = await operation.example("curl")
    curl = await asyncio.create_subprocess_exec(
        "sh", "-c", command, env=os.environ | {"TOKEN": learner.token}, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await curl.communicate()
    assert b"event: delta" in printed
    assert b"event: completed" in printed


async def test_the_page_runs_no_script_and_asks_no_server_but_its_own(reader, stranger):
    with pytest.raises(Error):
        await reader.shown.page.add_script_tag(content="document.title = 'injected'")
    assert await reader.shown.run("url => fetch(url).then(() => 'asked', () => 'refused')", stranger) == "refused"
    assert await reader.shown.page.title() == "FluentPro v2"
    assert any("Content Security Policy" in complaint for complaint in reader.shown.complaints)


async def test_no_page_may_frame_it(open_page, friend, site):
    page = (await open_page(friend)).page
    await page.evaluate("url => { document.body.innerHTML = `<iframe src='${url}'></iframe>`; }", f"{site}/docs")
    await page.wait_for_function("() => frames.length === 1")
    frame = page.frame_locator("iframe")
    await page.wait_for_load_state("networkidle")
    assert await frame.locator("#viewer").count() == 0


async def test_there_is_nothing_else_below_it(site):
    async with httpx.AsyncClient(base_url=site) as client:
        for path in ("/docs/", "/docs/v9", "/docs/assets/swagger-ui.css", "/docs/../pyproject.toml"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
