"""The HTML of the docs page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from string import Template

from gateway.docs.assets import own_html
from gateway.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """An OpenAPI document that can be fetched from this server."""

    name: str
    """What the page's path and its list of versions call it, such as `v2`; empty for an API without versions."""
    path: str
    """Where it is, such as `/openapi/v2.json`."""
    lifecycle: Lifecycle = field(default_factory=Lifecycle)


def page_html(shown: DocumentLink, links: Sequence[DocumentLink], assets: str, intro: str) -> bytes:
    """Return the page for one of the documents; `assets` is the path of the files, `intro` HTML."""
    html = Template(own_html("page.html")).substitute(
        assets=assets,
        document=escape(shown.path),
        versions=_versions(shown, links),
        notice=_notice(shown),
        intro=intro,
    )
    return html.encode()


def _versions(shown: DocumentLink, links: Sequence[DocumentLink]) -> str:
    """Return links to the pages of all documents; none where there is but one."""
    if len(links) < 2:
        return ""
    entries = "".join(_entry(link, is_shown=link is shown) for link in links)
    return f'<nav aria-label="Versions">{entries}</nav>'


def _entry(link: DocumentLink, *, is_shown: bool) -> str:
    here = ' aria-current="page"' if is_shown else ""
    stage = f" <small>{escape(link.lifecycle.stage.lower())}</small>" if link.lifecycle.stage else ""
    return f'<a href="/docs/{escape(link.name)}"{here}>{escape(link.name)}{stage}</a>'


def _notice(shown: DocumentLink) -> str:
    """Return what readers of a deprecated version should know; nothing for others."""
    life = shown.lifecycle
    if not life.is_deprecated:
        return ""
    since = f" since {life.deprecated_on}" if life.deprecated_on else ""
    until = f" It answers until {life.sunset_on}." if life.sunset_on else ""
    successor = f" Use {life.successor} in its place." if life.successor else ""
    guide = f' <a href="{escape(life.migration_guide)}">How to move</a>' if life.migration_guide else ""
    headline, rest = f"{shown.name} is deprecated{since}.", f"{until}{successor} {life.message}".rstrip()
    return f'<p id="deprecation" role="alert"><b>{escape(headline)}</b>{escape(rest)}{guide}</p>'
