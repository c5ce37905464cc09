"""The docs page of an API with an old version and a new one."""

from pathlib import Path

import google.api
import pytest
from browser.conftest import PHONE, Open, Serve
from browser.docs_page import DocsReader
from grpc_tools import protoc

import fluentpro
from gateway.binding import compile_routes
from gateway.codec.names import JsonStyle
from gateway.docs.page import docs_pages
from gateway.image import Image
from gateway.openapi.documents import Documents
from gateway.openapi.pages import openapi_pages
from server.http_app import HttpApp

OPTIONS = {
    "v1": """
        lifecycle: LIFECYCLE_DEPRECATED
        deprecated_on: "2026-01-01"
        sunset_on: "2026-12-31"
        successor: "library.v2"
        migration_guide: "/moving"
        message: "Shelves <b>moved</b>."
        base_path: "/api/v1"
    """,
    "v2": 'lifecycle: LIFECYCLE_STABLE base_path: "/api/v2"',
}
PROTO = """
syntax = "proto3";
package library.{version};
import "fluentpro/contract/v1/options.proto";
import "google/api/annotations.proto";
option (fluentpro.contract.v1.api_version) = {{ {options} }};

// Books on shelves.
service LibraryService {{
  // Gives a book.
  rpc GetBook(Book) returns (Book) {{ option (google.api.http) = {{ get: "/api/{version}/books/{{name}}" }}; }}
  // Burns a book.
  rpc BurnBook(Book) returns (Book) {{
    option deprecated = true;
    option (google.api.http) = {{ delete: "/api/{version}/books/{{name}}" }};
  }}
}}

// A book.
message Book {{
  // Its name.
  string name = 1;
}}
"""
PATHS = ".opblock-summary-path, .opblock-summary-path__deprecated"
LINE_OF_PATH = "paths => paths.map(path => getComputedStyle(path).textDecorationLine)"


@pytest.fixture
def library(tmp_path: Path) -> Image:
    for version, options in OPTIONS.items():
        (tmp_path / f"{version}.proto").write_text(PROTO.format(version=version, options=options))
    includes = [
        tmp_path,
        Path(fluentpro.__path__[0]).parents[1] / "proto",
        Path(google.api.__path__[0]).parents[1],
        Path(protoc.__file__).parent / "_proto",
    ]
    target = tmp_path / "descriptors.binpb"
    flags = ["--include_imports", "--include_source_info", f"--descriptor_set_out={target}"]
    paths = [f"-I{path}" for path in includes]
    assert protoc.main(["protoc", *paths, *flags, "v1.proto", "v2.proto"]) == 0
    return Image.read(target)


@pytest.fixture
async def site(library: Image, serve: Serve) -> str:
    documents = Documents(library, compile_routes(library, JsonStyle()))
    pages = openapi_pages(documents) | docs_pages(documents)
    return await serve(HttpApp(pages, pages["/docs"]))


async def test_the_new_version_is_shown_and_the_old_one_a_link_away(open_page: Open, site):
    page = (await DocsReader(await open_page(f"{site}/docs")).settle()).shown.page
    links = page.get_by_role("navigation", name="Versions").get_by_role("link")
    assert await links.all_inner_texts() == ["v2 stable", "v1 deprecated"]
    assert await links.first.get_attribute("aria-current") == "page"
    assert await page.get_by_role("alert").count() == 0
    await links.last.click()
    await page.wait_for_url(f"{site}/docs/v1")


async def test_only_what_is_deprecated_is_struck_through(open_page: Open, site):
    reader = await DocsReader(await open_page(f"{site}/docs/v2")).settle()
    lines = await reader.shown.page.locator(PATHS).evaluate_all(LINE_OF_PATH)
    assert sorted(lines) == ["line-through", "none"]


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
async def test_a_deprecated_version_says_so_and_everything_in_it_is_struck_through(open_page: Open, site, size):
    reader = await DocsReader(await open_page(f"{site}/docs/v1", *([size] if size else []))).settle()
    page = reader.shown.page
    notice = page.get_by_role("alert")
    assert await notice.inner_text() == (
        "v1 is deprecated since 2026-01-01. It answers until 2026-12-31. "
        "Use library.v2 in its place. Shelves <b>moved</b>. How to move"
    )
    assert await notice.get_by_role("link").get_attribute("href") == "/moving"
    lines = await page.locator(PATHS).evaluate_all(LINE_OF_PATH)
    assert lines == ["line-through"] * 2
    assert await reader.shown.overflow() == 0
    assert reader.shown.complaints == []
