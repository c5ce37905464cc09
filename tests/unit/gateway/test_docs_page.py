"""The docs page as HTTP: what is there, how long it may be kept, and what stands in it."""

import gzip
import re
from importlib.metadata import version

import pytest

from gateway.docs.assets import VIEWER, viewer_assets
from gateway.docs.html import DocumentLink
from gateway.docs.page import DocsPage, docs_pages
from gateway.lifecycle import Lifecycle
from gateway.openapi.documents import Documents

OLD = Lifecycle("DEPRECATED", message="It was <b>good</b>.", migration_guide='/moving?"')
LINKS = [DocumentLink("v2", "/openapi/v2.json"), DocumentLink("v1", "/openapi/v1.json", OLD)]


@pytest.fixture
def page(client_of):
    return client_of(DocsPage(LINKS, "<p>Welcome.</p>"))


async def test_the_newest_document_is_at_docs(page):
    newest = await page.get("/docs")
    assert (newest.status, newest.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'href="/openapi/v2.json"' in newest.body
    assert (await page.get("/docs/v2")).body == newest.body
    assert b'href="/openapi/v1.json"' in (await page.get("/docs/v1")).body


async def test_the_intro_stands_in_it_and_there_is_one_without(page, client_of):
    assert b"<p>Welcome.</p>" in (await page.get("/docs")).body
    plain = client_of(DocsPage([DocumentLink("", "/openapi.json")]))
    assert b"<b>Authorize</b>" in (await plain.get("/docs")).body
    assert b"<nav" not in (await plain.get("/docs")).body
    assert sum("assets" not in path for path in plain.app.paths) == 1


async def test_what_a_contract_says_of_itself_is_text(page):
    body = (await page.get("/docs/v1")).body.decode()
    assert "It was &lt;b&gt;good&lt;/b&gt;." in body
    assert "/moving?&quot;" in body


async def test_everything_that_it_loads_is_there_and_lasts(page):
    body = (await page.get("/docs")).body.decode()
    loaded = re.findall(r'(?:src|href)="(/docs/assets/[^"]+)"', body)
    assert len(loaded) == 5
    for path in page.app.paths - {"/docs", "/docs/v1", "/docs/v2"}:
        asset = await page.get(path)
        assert asset.status == 200
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert set(loaded) <= page.app.paths


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("favicon-32x32.png", "image/png"),
    ],
)
async def test_an_asset_has_its_type_and_no_more_rights_than_it_needs(page, name, kind):
    folder, _ = viewer_assets()
    asset = await page.get(f"/docs/{folder}/{name}")
    assert asset.headers["content-type"] == kind
    assert asset.headers["x-content-type-options"] == "nosniff"
    assert asset.headers["referrer-policy"] == "no-referrer"


async def test_nothing_may_run_but_scripts_of_its_own(page):
    policy = (await page.get("/docs")).headers["content-security-policy"]
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy


async def test_a_browser_that_has_it_gets_no_second_one(page):
    first = await page.get("/docs")
    assert first.headers["cache-control"] == "no-cache"
    again = await page.get("/docs", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert (await page.get("/docs", if_none_match='"another"')).status == 200
    assert (await page.get("/docs/v1", if_none_match=first.headers["etag"])).status == 200


async def test_text_is_gzip_for_who_takes_it(page):
    folder, assets = viewer_assets()
    path = f"/docs/{folder}/swagger-ui.css"
    plain, packed = await page.get(path), await page.get(path, accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == assets["swagger-ui.css"].data
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert (await page.get(path, accept_encoding="gzip", if_none_match=packed.headers["etag"])).status == 304
    icon = await page.get(f"/docs/{folder}/favicon-32x32.png", accept_encoding="gzip")
    assert "content-encoding" not in icon.headers


async def test_head_has_the_headers_alone(page):
    whole, head = await page.get("/docs"), await page.request("HEAD", "/docs")
    assert (head.status, head.body, head.header_list) == (200, b"", whole.header_list)


async def test_it_is_only_read(page):
    refused = await page.request("POST", "/docs")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_an_image_without_versions_has_one_page(image, client):
    pages = docs_pages(Documents(image, client.app.routes))
    assert {path for path in pages if "assets" not in path} >= {"/docs"}


def test_the_viewer_is_the_release_that_its_package_is_named_for():
    _, assets = viewer_assets()
    assert f'PACKAGE_VERSION:"{version(VIEWER)}"'.encode() in assets["swagger-ui-bundle.js"].data
