"""What .proto files say beside the shapes."""

import pytest

from gateway.image import Image
from gateway.openapi.declarations import Declarations
from gateway.openapi.operations import parted


@pytest.fixture
def comment_of(compile_files, tmp_path):
    """Return what gives the comment on a message, as it was written before it."""

    def of(lines: str, behind: str = "") -> str:
        (tmp_path / "one.proto").write_text(f'syntax = "proto3"; package one;\n{lines}\nmessage One {{ {behind}\n}}')
        image = compile_files(tmp_path, "one.proto")
        return Declarations(image).of(image.pool.FindMessageTypeByName("one.One")).comment

    return of


@pytest.mark.parametrize(
    ("lines", "comment"),
    [
        ("// One line.", "One line."),
        ("// Two\n// lines.", "Two lines."),
        ("// Two.\n//\n// Paragraphs.", "Two.\n\nParagraphs."),
        ("// A list:\n// - one\n// - two", "A list:\n- one\n- two"),
        ("/* A block. */", "A block."),
        ("// See [Operation][google.longrunning.Operation].", "See `Operation`."),
        ("// See [the page](https://example.com).", "See [the page](https://example.com)."),
        ("", ""),
    ],
)
def test_a_comment_is_markdown(lines: str, comment: str, comment_of) -> None:
    assert comment_of(lines) == comment


def test_a_comment_may_stand_behind(comment_of) -> None:
    assert comment_of("", "// Behind it.") == "Behind it."


def test_what_the_image_says_nothing_of_has_no_comment(hotel: Image) -> None:
    empty = hotel.pool.FindMessageTypeByName("hotel.v2.ListRoomsResponse")
    assert Declarations(hotel).of(empty).comment == ""
    assert Declarations(hotel).of(empty, "rooms").comment == ""


@pytest.mark.parametrize(
    ("comment", "parts"),
    [
        ("Gives one.", ("Gives one", "")),
        ("Gives one. It is new.", ("Gives one", "It is new.")),
        ("Gives one.\n\nIt is new.", ("Gives one", "It is new.")),
        ("Gives v1.2 of it, e.g. the last. More.", ("Gives v1.2 of it, e.g. the last", "More.")),
        ("Is it there? Then it comes.", ("Is it there?", "Then it comes.")),
        ("No full stop", ("No full stop", "")),
        ("", ("", "")),
    ],
)
def test_the_first_sentence_is_the_summary(comment: str, parts: tuple[str, str]) -> None:
    assert parted(comment) == parts
