"""`/docs`: one page for each OpenAPI document, the newest at `/docs` itself, and everything that they load."""

from collections.abc import Sequence

from gateway.docs.assets import Asset, own_html, viewer_assets
from gateway.docs.html import DocumentLink, page_html
from gateway.docs.sending import send_asset
from gateway.exchange import Receive, Scope, Send
from gateway.openapi.documents import NEWEST, Documents

PATH = "/docs"

# Scripts, styles and requests of this origin and no other, and nothing inline. Swagger UI's stylesheet holds its icons
# as data: URLs. (React sets styles through the DOM, which the policy does not regard as inline.)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_HTML = b"text/html; charset=utf-8"


def docs_pages(documents: Documents, intro: str | None = None) -> dict[str, "DocsPage"]:
    """Return what shows these documents, by all its paths; they are fetched from where `openapi_pages` puts them.

    `intro` is HTML for above the operations, else there is a short one.
    """
    newest = documents.newest()
    names = sorted(documents.names, key=lambda name: name != newest)
    links = [DocumentLink(name, f"/openapi/{name}.json", documents.lifecycle(name)) for name in names]
    page = DocsPage(links or [DocumentLink(NEWEST, "/openapi.json")], intro)
    return dict.fromkeys(page.paths, page)


class DocsPage:
    """An ASGI application for `paths`."""

    def __init__(self, links: Sequence[DocumentLink], intro: str | None = None) -> None:
        """Show the documents at `links`, the first of them at `/docs`."""
        folder, assets = viewer_assets()
        folder = f"{PATH}/{folder}"
        intro = own_html("intro.html") if intro is None else intro
        pages = {link.name: Asset.of(_HTML, page_html(link, links, folder, intro), is_lasting=False) for link in links}
        self._assets = {f"{folder}/{name}": asset for name, asset in assets.items()}
        self._assets |= {f"{PATH}/{name}": page for name, page in pages.items() if name}
        self._assets[PATH] = pages[links[0].name]
        self.paths = frozenset(self._assets)
        """Every path that it answers; below `/docs` there is nothing else."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request for one of `paths`."""
        await send_asset(self._assets[scope["path"]], _SECURITY, scope, send)
