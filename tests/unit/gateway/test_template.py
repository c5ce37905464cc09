"""Path templates: what they mean, and which are refused."""

import pytest

from gateway.template import TemplateError, Variable, parse


def test_a_variable_is_one_segment_unless_it_says_otherwise():
    template = parse("/v1/shelves/{shelf}/books/{book.id}")
    assert template.segments == ("v1", "shelves", "*", "books", "*")
    assert template.variables == (Variable("shelf", 2, 3, False), Variable("book.id", 4, 5, False))


def test_a_variable_spans_the_segments_of_its_pattern():
    template = parse("/v1/{name=shelves/*/books/*}:archive")
    assert template.segments == ("v1", "shelves", "*", "books", "*")
    assert template.variables == (Variable("name", 1, 5, True),)
    assert template.verb == "archive"


def test_a_double_star_takes_all_that_is_left():
    assert parse("/v1/files/{path=**}").variables == (Variable("path", 2, None, True),)


@pytest.mark.parametrize(("text", "is_literal"), [("/", True), ("/a/b:c", True), ("/a/*", False), ("/a/{b}", False)])
def test_a_template_without_wildcards_is_literal(text, is_literal):
    assert parse(text).is_literal is is_literal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "/a/",
        "/a//b",
        "/a/{b",
        "/a/b}",
        "/a/{b{c}}",
        "/a/x{b}",
        "/a/{b}x",
        "/a/{b=}",
        "/a/{}",
        "/a/{b.}",
        "/a/{b..c}",
        "/a/{b=**}/c",
        "/a/**/b",
        "/a/**/**",
        "/a:",
        "/a:b/c",
        "/a:b:c",
        "/a?b=c",
        "/a/{b}/{b}",
        "/a b",
    ],
)
def test_what_breaks_the_grammar_is_refused(text):
    with pytest.raises(TemplateError):
        parse(text)
