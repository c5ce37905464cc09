"""The trie: which route takes which path."""

import pytest

from gateway.routes import RouteError, Routes
from gateway.template import parse

_TEMPLATES = [
    "/v1/shelves",
    "/v1/shelves/featured",
    "/v1/shelves/{shelf}",
    "/v1/shelves:count",
    "/v1/shelves/{shelf}:open",
    "/v1/{name=shelves/*/books/*}",
    "/v1/shelves/new/pages",
    "/v1/files/{path=**}",
    "/v1/files/{path=**}:download",
    "/",
]


def _routes(*templates):
    routes = Routes()
    for text in templates:
        routes.add("GET", parse(text), text)
    return routes


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/shelves", "/v1/shelves"),
        ("/v1/shelves/featured", "/v1/shelves/featured"),
        ("/v1/shelves/other", "/v1/shelves/{shelf}"),
        ("/v1/shelves:count", "/v1/shelves:count"),
        ("/v1/shelves/s1:open", "/v1/shelves/{shelf}:open"),
        ("/v1/shelves/s1:close", "/v1/shelves/{shelf}"),
        ("/v1/shelves/s1%3Aopen", "/v1/shelves/{shelf}"),
        ("/v1/shelves/featured/books/b1", "/v1/{name=shelves/*/books/*}"),
        ("/v1/shelves/new/pages", "/v1/shelves/new/pages"),
        ("/v1/files", "/v1/files/{path=**}"),
        ("/v1/files/a/b/c", "/v1/files/{path=**}"),
        ("/v1/files/a:download", "/v1/files/{path=**}:download"),
        ("/", "/"),
    ],
)
def test_a_path_finds_its_route(path, expected):
    match = _routes(*_TEMPLATES).find("GET", path)
    assert match is not None
    assert match.target == expected


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/shelves/", "/v1/shelves/s1/", "/v1/shelves//books/b1", "/V1/shelves", "/v1/shelves/s1/books"]
)
def test_a_path_without_a_route_finds_nothing(path):
    assert _routes(*_TEMPLATES).find("GET", path) is None


def test_the_search_falls_back_where_the_rest_does_not_match():
    routes = _routes("/a/b/c", "/a/{x}/d", "/{y=**}")
    assert routes.find("GET", "/a/b/d").target == "/a/{x}/d"
    assert routes.find("GET", "/a/b/e").target == "/{y=**}"


def test_the_search_falls_back_where_the_method_does_not_match():
    routes = _routes("/a/b")
    routes.add("POST", parse("/a/{x}"), "post")
    assert routes.find("POST", "/a/b").target == "post"


def test_a_match_has_the_segments_without_the_verb():
    assert _routes("/v1/{x}:go").find("GET", "/v1/a%2Fb:go").segments == ["v1", "a%2Fb"]


def test_the_methods_of_a_path_are_those_of_all_its_routes():
    routes = _routes("/a/b")
    routes.add("POST", parse("/a/{x}"), "post")
    assert routes.allowed("/a/b") == ["GET", "POST"]
    assert routes.allowed("/a/c") == ["POST"]
    assert routes.allowed("/b") == []


def test_a_wrong_verb_is_not_found_rather_than_a_wrong_method():
    assert _routes("/a/{x}").allowed("/a/b:burn") == []


def test_a_custom_rule_for_any_method_takes_them_all():
    routes = Routes()
    routes.add("*", parse("/a"), "any")
    routes.add("GET", parse("/a"), "get")
    assert routes.find("GET", "/a").target == "get"
    assert routes.find("REPORT", "/a").target == "any"


def test_a_trailing_slash_is_taken_where_it_is_asked_for():
    routes = Routes()
    for text in ("/a/b", "/c/{x}", "/d:go"):
        routes.add("GET", parse(text), text, trailing_slash=True)
    assert routes.find("GET", "/a/b/").target == "/a/b"
    assert routes.find("GET", "/c/1/").target == "/c/{x}"
    assert routes.find("GET", "/a/b//") is None
    assert routes.find("GET", "/d:go/") is None


def test_two_targets_on_one_route_are_refused():
    routes = _routes("/a/{x}")
    with pytest.raises(RouteError, match="twice"):
        routes.add("GET", parse("/a/{y}"), "second")


def test_iterating_gives_each_target_once():
    routes = Routes()
    routes.add("GET", parse("/a"), "a", trailing_slash=True)
    routes.add("GET", parse("/b"), "b")
    assert list(routes) == ["a", "b"]
