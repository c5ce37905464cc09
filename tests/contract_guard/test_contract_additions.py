"""What breaks nobody passes, and is named as not yet protected by the baseline."""

import pytest

from server.contract_guard.comparison import Baseline, compare

_AFTER_PAGES = "int32 pages = 2;"

_DEPRECATED = 'lifecycle: LIFECYCLE_DEPRECATED\n  deprecated_on: "2027-01-01"\n  sunset_on: "2028-01-01"'
_SHELF = """
// A place for books.
message Shelf {
  // Its id.
  string id = 1 [(google.api.field_behavior) = REQUIRED];
}
// Asks Books.AddBook.
"""
_DROP_BOOK = """
  rpc DropBook(GetBookRequest) returns (GetBookResponse) {
    option (fluentpro.contract.v1.policy) = {access: ACCESS_ADMIN};
    option (google.api.http) = {delete: "/api/v1/books/{book_id}"};
  }
  // Reads one aloud.
"""
_SHELVES = """
service Shelves {
  rpc Clear(GetBookRequest) returns (GetBookResponse) {
    option (fluentpro.contract.v1.policy) = {access: ACCESS_ADMIN};
    option (google.api.http) = {post: "/api/v1/shelves:clear"};
  }
}
// A book.
"""
_TOMES = """      response_body: "book"
      additional_bindings {get: "/api/v1/tomes/{book_id}" response_body: "book"}
"""

PASSES = {
    "field added": (_AFTER_PAGES, "int32 pages = 2;\n  string shelf = 4;"),
    "optional field added": (_AFTER_PAGES, "int32 pages = 2;\n  optional string shelf = 4;"),
    "secret field added": (_AFTER_PAGES, "int32 pages = 2;\n  string shelf = 4 [debug_redact = true];"),
    "message added": ("// Asks Books.AddBook.\n", _SHELF),
    "enum value added": ("BINDING_SOFT = 2;", "BINDING_SOFT = 2;\n  BINDING_NONE = 3;"),
    "method added": ("  // Reads one aloud.\n", _DROP_BOOK),
    "service added": ("// A book.\n", _SHELVES),
    "binding added": ('      response_body: "book"\n', _TOMES),
    "reason added": (
        "reasons: ERROR_REASON_EMAIL_TAKEN",
        "reasons: ERROR_REASON_EMAIL_TAKEN\n      reasons: ERROR_REASON_USER_NOT_FOUND",
    ),
    "required no more": ("string title = 1 [(google.api.field_behavior) = REQUIRED];", "string title = 1;"),
    "redaction added": ("string title = 2;", "string title = 2 [debug_redact = true];"),
    "rate limit changed": ("idempotent: true", 'idempotent: true\n      rate_limit: "cost"'),
    "deprecation taken back": (_DEPRECATED, "lifecycle: LIFECYCLE_STABLE"),
    "cursor added": ("string text = 2;", "string text = 2 [(fluentpro.contract.v1.cursor) = true];"),
    "sunset moved later": ('sunset_on: "2028-01-01"', 'sunset_on: "2028-06-01"'),
    "message for consumers": ('base_path: "/api/v1"', 'base_path: "/api/v1"\n  message: "Move on."'),
}


@pytest.mark.parametrize("kind", PASSES)
def test_a_change_that_breaks_nobody_passes(compared, kind: str) -> None:
    done = compared(PASSES[kind])
    assert (done.refused, done.reported) == ((), ())
    assert done.has_additions == (kind != "enum value added"), "a document without the values of enums"


@pytest.mark.parametrize("change", [("// A book.", "// Something to read."), ("// A slug.", "// Its name.")])
def test_a_comment_says_what_it_likes(compared, change: tuple[str, str]) -> None:
    done = compared(change)
    assert (done.refused, done.reported, done.has_additions) == ((), (), False)


def test_a_version_may_be_deprecated(accept, image_with) -> None:
    stable = accept((_DEPRECATED, "lifecycle: LIFECYCLE_STABLE"))
    done = compare(Baseline.read(stable), image_with())
    assert (done.refused, done.reported) == ((), ())


def test_nothing_changed_is_nothing_to_tell(compared) -> None:
    done = compared()
    assert (done.refused, done.reported, done.has_additions) == ((), (), False)
