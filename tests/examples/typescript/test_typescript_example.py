"""The TypeScript example against the whole product: in a real browser, from another origin, and under node."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from browser.watched_page import WatchedPage
from examples.wire import Wire, wire_to

GREETING = "Good evening, and welcome! How may I help you?"

# Notes each length that the newest turn has on the page while it grows.
WATCH = """() => {
  const turns = document.getElementById("turns");
  window.lengths = [];
  new MutationObserver(() => {
    if (turns.lastChild.ariaBusy) lengths.push(turns.lastChild.textContent.length);
  }).observe(turns, { childList: true, subtree: true });
}"""

WRONG = """import { Api } from "./api.js";
const api = new Api("");
const path = { conversation_id: "" };
void api.call("post", "/api/v2/conversation", { body: { scenario_id: "" } });
void api.call("post", "/api/v2/conversations", { body: { scenario: "" } });
void api.call("get", "/api/v2/conversations/{conversation_id}/turns", {});
void api.call("get", "/api/v2/conversations/{conversation_id}/turns", { path }).then((data) => data.turn);
void api.call("get", "/api/v2/conversations/{conversation_id}/turns", { path }).then((data) => data.turns);
"""

# What a network and the servers in it can do to a request: lose its answer, or answer otherwise.
LOST = None
CUT_SHORT = {"status": 200, "body": ""}
PROXY = {"status": 502, "body": "<h1>Bad gateway</h1>"}
# Says something as the page does. The first requests for it meet `accidents`; nobody waits for the pauses.
SAY = """async ([site, email, accidents]) => {
  const { Learner } = await import("/dist/learner.js");
  const account = { email, password: "harbour view at dawn", full_name: "Mei Chan", accept_terms: true };
  const learner = await Learner.signUp(site, account);
  const conversation = await learner.start("early_check_in");
  const { fetch } = window, events = [], pauses = [];
  window.setTimeout = (act, pause) => { pauses.push(pause); queueMicrotask(act); };
  window.fetch = async (...request) => {
    const answer = await fetch(...request);
    if (accidents.length === 0) return answer;
    const accident = accidents.shift();
    if (accident === null) throw new TypeError("Failed to fetch");
    return new Response(accident.body, accident);
  };
  let thrown;
  try {
    for await (const event of learner.say(conversation, crypto.randomUUID(), "Good evening.")) events.push(event);
  } catch (error) {
    thrown = { ...error, text: String(error) };
  }
  return { events, pauses, thrown, turns: await learner.turns(conversation) };
}"""


def fails(status: str, http_status: int = 200) -> dict[str, Any]:
    """Answer with an error: at once, or with 200 as the last event of a stream."""
    error = {"code": "SOME_REASON", "status": status, "message": "No.", "details": []}
    body = json.dumps({"error": error, "meta": {"request_id": "r-1", "timestamp": "", "version": "v2"}})
    return {"status": http_status, "body": f"event: error\ndata: {body}\n\n" if http_status == 200 else body}


@pytest.fixture
async def wire(site: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the product, and the address of its near end."""
    async with wire_to(urlsplit(site).netloc) as (wire, address):
        yield wire, f"http://{address}"


async def sign_up(page: WatchedPage, site: str, email: str = "", password: str = "harbour view at dawn") -> None:
    """Fill the first form in and send it."""
    await page.page.get_by_label("Server").fill(site)
    await page.page.get_by_label("Name").fill("Mei Chan")
    await page.page.get_by_label("E-mail").fill(email or f"{uuid4().hex}@example.com")
    await page.page.get_by_label("Password").fill(password)
    await page.page.get_by_label("I accept").check()
    await page.page.get_by_role("button", name="Begin").click()


async def say(page: WatchedPage, text: str) -> None:
    """Fill the second form in and send it."""
    await page.page.get_by_label("Message").fill(text)
    await page.page.get_by_role("button", name="Say it").click()


async def reply_is_whole(page: WatchedPage) -> None:
    await page.page.locator("#turns li[aria-busy=true]").wait_for(state="detached")


async def spoken(page: WatchedPage) -> list[str]:
    """Return what the page shows as said."""
    return await page.page.locator("#turns li").all_inner_texts()


async def stored(page: WatchedPage, site: str) -> list[str]:
    """Return what the server holds as said, in the conversation that the page is in."""
    sent = next(request for request in page.requests if request.url.endswith("/messages"))
    path = urlsplit(sent.url).path.replace("/messages", "/turns")
    async with httpx.AsyncClient(base_url=site) as client:
        answer = await client.get(path, headers={"authorization": (await sent.all_headers())["authorization"]})
    return [turn["text"] for turn in answer.json()["data"]["turns"]]


def test_what_the_contract_does_not_have_does_not_compile(compiled: Path):
    wrong = compiled / "src/wrong.ts"
    wrong.write_text(WRONG)
    try:
        tsc = [compiled / "node_modules/.bin/tsc", "--noEmit", "--pretty", "false"]
        ran = subprocess.run(tsc, cwd=compiled, capture_output=True, text=True, timeout=60, check=False)
    finally:
        wrong.unlink()
    complaints = [line.partition(",")[0] for line in ran.stdout.splitlines() if not line.startswith(" ")]
    assert complaints == [f"src/wrong.ts({number}" for number in (4, 5, 6, 7)], ran.stdout


def test_versions_are_exact_and_the_lock_names_no_registry(compiled: Path):
    wanted = json.loads((compiled / "package.json").read_text())["devDependencies"]
    locked = json.loads((compiled / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all("integrity" in package for name, package in locked.items() if name)
    assert not any("resolved" in package for package in locked.values())


async def test_a_page_of_another_origin_shows_words_as_they_come(page, site):
    await sign_up(page, site)
    await page.run(WATCH)
    await say(page, GREETING)
    await reply_is_whole(page)
    lengths = await page.run("() => lengths")
    opening, greeting, reply = await spoken(page)
    assert len(set(lengths)) > 5
    assert lengths == sorted(lengths)
    assert greeting == GREETING
    assert [opening, greeting, reply] == await stored(page, site)
    assert page.complaints == []


async def test_a_page_reads_on_where_the_connection_broke(page, site, wire):
    cable, near_end = wire
    cable.fuses = [b"event: delta"] * 2
    await sign_up(page, near_end)
    await say(page, GREETING)
    await reply_is_whole(page)
    assert await spoken(page) == await stored(page, site)
    resumed = [request for request in page.requests if request.url.endswith("/events")]
    assert cable.fuses == []
    assert resumed
    assert all(["last-event-id" in await request.all_headers() for request in resumed])


@pytest.mark.parametrize(
    "accidents",
    [
        [],
        [LOST],
        [CUT_SHORT, PROXY, LOST],
        [fails("UNAVAILABLE"), fails("DEADLINE_EXCEEDED"), fails("UNAVAILABLE", 503)],
    ],
    ids=["nothing", "a lost answer", "a bad network", "a server that stops"],
)
async def test_a_message_is_said_once_whatever_happens_to_it(page, site, accidents: list[Any]):
    result = await page.run(SAY, [site, f"{uuid4().hex}@example.com", accidents])
    cursors = [event["cursor"] for event in result["events"]]
    assert result["pauses"] == [500, 1000, 2000][: len(accidents)]
    assert len(set(cursors)) == len(cursors)
    assert [turn["author"] for turn in result["turns"]] == ["AUTHOR_PARTNER", "AUTHOR_LEARNER", "AUTHOR_PARTNER"]
    words = [event["delta"]["text"] for event in result["events"] if "delta" in event]
    assert "".join(words) == result["turns"][2]["text"]


@pytest.mark.parametrize("http_status", [200, 500])
async def test_an_error_that_stays_is_thrown_with_all_that_is_known(page, site, http_status: int):
    result = await page.run(SAY, [site, f"{uuid4().hex}@example.com", [fails("INTERNAL", http_status)]])
    assert result["thrown"]["text"] == "ApiError: No."
    known = {"code": "SOME_REASON", "status": "INTERNAL", "details": [], "requestId": "r-1"}
    assert known.items() <= result["thrown"].items()
    assert result["pauses"] == []


async def test_it_gives_up_after_six_connections_that_bring_nothing(page, site):
    result = await page.run(SAY, [site, f"{uuid4().hex}@example.com", [LOST] * 6])
    assert result["thrown"]["text"] == "ConnectionError: The reply broke off again and again."
    assert result["pauses"] == [500, 1000, 2000, 4000, 8000]


async def test_a_refusal_says_which_field_is_wrong(page, site):
    await sign_up(page, site, password="short")
    trouble = page.page.get_by_role("alert")
    await trouble.get_by_text("password: ").wait_for()
    assert await page.page.get_by_role("button", name="Begin").is_enabled()


async def test_a_server_that_is_not_there_is_no_riddle(page, site):
    await sign_up(page, "http://127.0.0.1:1")
    await page.page.get_by_role("alert").get_by_text("ConnectionError: The server cannot be reached").wait_for()


async def test_the_same_program_runs_under_node(compiled: Path, site: str):
    node = await asyncio.create_subprocess_exec(
        "node", "dist/terminal.js", site, GREETING, cwd=compiled, stdout=asyncio.subprocess.PIPE
    )
    assert node.stdout is not None
    pieces: list[bytes] = []
    while piece := await node.stdout.read(65536):
        pieces.append(piece)
    assert await node.wait() == 0
    opening, said, reply = b"".join(pieces).decode().strip().split("\n")
    assert opening.startswith("Partner: ")
    assert said == f"You: {GREETING}"
    assert len(reply) > len("Partner: ")
    assert len(pieces) > 5  # word by word
