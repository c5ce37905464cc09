"""Pages of a list, as its servicer reads and writes them."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from domain.shared.pages import Page, PageRequest, page_token, parse_page

T = TypeVar("T")


class ListRequest(Protocol):
    """A request that asks for a page."""

    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One call for a page: a token is good only for the list, the caller and the filters that it was given for."""

    request: PageRequest
    scope: str

    @classmethod
    def of(cls, message: ListRequest, *scope: Any) -> "Listing":
        """Read the page asked for. Raises InvalidRequest."""
        text = "\n".join((type(message).__name__, *map(str, scope)))
        return cls(parse_page(message.page_size, message.page_token, text), text)

    def next_token(self, page: Page[T]) -> str:
        """Return the token of the page after `page`; empty on the last one."""
        return page_token(page, self.scope)
