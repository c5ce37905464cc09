"""The files of the practice page as they are sent."""

import io
import re

import httpx
import pytest

from adapters.settings import Profile, Settings
from adapters.telemetry.logs import AccessLog
from server.hosting import Host, HostOptions
from server.service import build_service

ANYTHING_ELSE = (
    *("/practice", "/practice/", "/index.html", "/main.js", "/practice/main.js", "/practice/0000/main.js"),
    *("{folder}/nothing.js", "{folder}/index.html", "{folder}/../../pyproject.toml", "{folder}/%2e%2e/__init__.py"),
    *("{folder}/..%2f..%2fservice.py", "{folder}/views/../../practice_page.py", "{folder}//main.js", "{folder}/views"),
)

CONTRASTS = (
    *(("ink", ground, 4.5) for ground in ("ground", "paper", "tint", "mine")),
    *(("soft", ground, 4.5) for ground in ("ground", "paper", "tint")),
    *(("accent", ground, 4.5) for ground in ("ground", "paper")),
    *(("alarm", ground, 4.5) for ground in ("ground", "paper", "alarm-ground")),
    *(("on-accent", ground, 4.5) for ground in ("accent", "accent-strong")),
    ("notice-ink", "notice-ground", 4.5),
    ("edge", "paper", 3),
    ("edge", "ground", 3),
)
"""What stands on what, and the least contrast that WCAG 2.2 AA asks for: text, then the edges of fields."""


@pytest.fixture
async def client(practice):
    async with httpx.AsyncClient(base_url=practice.site) as client:
        yield client


@pytest.fixture
async def folder(client) -> str:
    """Return where the page's files are."""
    found = re.search(r'src="(/practice/[0-9a-f]{16})/main.js"', (await client.get("/")).text)
    assert found
    return found[1]


async def test_every_answer_has_a_strict_policy(client, folder):
    for path in ("/", f"{folder}/main.js", f"{folder}/base.css", f"{folder}/icon.svg"):
        headers = (await client.get(path)).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy == {
            "default-src": "'none'",
            **dict.fromkeys(("script-src", "style-src", "connect-src", "img-src"), "'self'"),
            **dict.fromkeys(("base-uri", "form-action", "frame-ancestors", "trusted-types"), "'none'"),
            "require-trusted-types-for": "'script'",
        }
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


async def test_the_page_is_asked_about_and_its_files_are_kept_for_good(client, folder):
    page, module = await client.get("/"), await client.get(f"{folder}/views/conversation.js")
    assert (page.headers["cache-control"], page.headers["content-type"]) == ("no-cache", "text/html; charset=utf-8")
    assert module.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert module.headers["content-type"] == "text/javascript; charset=utf-8"
    for answer in (page, module):
        again = await client.get(answer.url.path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["content-security-policy"] == answer.headers["content-security-policy"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_its_colours_can_be_told_apart(client, folder, scheme):
    light, dark = re.findall(r":root \{(.*?)\}", (await client.get(f"{folder}/base.css")).text, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    for ink, ground, least in CONTRASTS:
        assert contrast(colours[ink], colours[ground]) >= least, f"{ink} on {ground}"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG 2.2 defines it."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


async def test_files_are_packed_for_who_reads_that(client, folder):
    packed = await client.get(f"{folder}/conversation.css", headers={"accept-encoding": "gzip"})
    plain = await client.get(f"{folder}/conversation.css", headers={"accept-encoding": "identity"})
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", plain.text)


async def test_it_takes_no_method_but_get_and_head(client):
    head, post = await client.head("/"), await client.post("/")
    assert (head.status_code, head.content, post.status_code, post.headers["allow"]) == (200, b"", 405, "GET, HEAD")


@pytest.mark.parametrize("path", ANYTHING_ELSE)
async def test_there_is_nothing_else_below_it(client, folder, path):
    # The path goes as it stands: no client of ours makes it simple first.
    url = httpx.URL(client.base_url, raw_path=path.format(folder=folder).encode())
    answer = await client.send(httpx.Request("GET", url))
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


async def test_where_it_is_off_there_is_nothing(practice):
    settings = practice.settings.model_copy(update={"page": False})
    service = build_service(practice.application, settings, AccessLog(io.StringIO()))
    host = Host(service, HostOptions(settings.grpc_listen.__class__("127.0.0.1", 0), None))
    assert "/" not in service.pages(service.gateway(host))


@pytest.mark.parametrize(("profile", "is_on"), [(Profile.DEVELOPMENT, True), (Profile.PRODUCTION, False)])
def test_production_shows_none_unless_told_to(profile, is_on):
    assert Settings(profile=profile).page is is_on
    assert Settings(profile=profile, page="on").page is True
