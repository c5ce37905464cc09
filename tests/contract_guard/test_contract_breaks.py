"""Every kind of change that breaks clients is refused, and says what broke and where."""

import pytest

_LIFE = 'lifecycle: LIFECYCLE_DEPRECATED\n  deprecated_on: "2027-01-01"\n  sunset_on: "2028-01-01"'

BREAKS = {
    "path moved": (
        ('post: "/api/v1/books"', 'post: "/api/v1/books:add"'),
        "POST /api/v1/books (library.v1.Books.AddBook): the path moved to POST /api/v1/books:add",
    ),
    "path pattern changed": (
        ('get: "/api/v1/books/{book_id}"', 'get: "/api/v1/books/{book_id=*}"'),
        "GET /api/v1/books/{book_id} (library.v1.Books.GetBook): the path moved to GET /api/v1/books/{book_id=*}",
    ),
    "http method changed": (
        ('post: "/api/v1/books"', 'put: "/api/v1/books"'),
        "POST /api/v1/books (library.v1.Books.AddBook): the HTTP method changed from POST to PUT",
    ),
    "route gone": (
        ('option (google.api.http) = {get: "/api/v1/books/{book_id}:read"};', ""),
        "GET /api/v1/books/{book_id}:read (library.v1.Books.ReadBook): the route is gone",
    ),
    "body changed": (
        ('body: "*"', 'body: "title"'),
        "POST /api/v1/books (library.v1.Books.AddBook): body changed from '*' to 'title'",
    ),
    "bare answer wrapped": (
        ('response_body: "book"', ""),
        "GET /api/v1/books/{book_id} (library.v1.Books.GetBook): response_body changed from 'book' to ''",
    ),
    "envelope changed": (
        ("envelope: ENVELOPE_DATA_META", "envelope: ENVELOPE_FLAT"),
        "api_version.envelope: changed from ENVELOPE_DATA_META to ENVELOPE_FLAT",
    ),
    "json names of the version changed": (
        ("json_names: JSON_NAMES_PROTO", ""),
        "api_version.json_names: changed from JSON_NAMES_PROTO to unset",
    ),
    "base path moved": (
        ('base_path: "/api/v1"', 'base_path: "/api/one"'),
        "api_version.base_path: changed from /api/v1 to /api/one",
    ),
    "trailing slash taken away": (
        ("trailing_slash: true", ""),
        "api_version.trailing_slash: taken away: a path with a slash at its end is no longer served",
    ),
    "defaults no longer printed": (
        ("print_defaults: true", "print_defaults: false"),
        "api_version.print_defaults: taken away: fields that hold their default are no longer in answers",
    ),
    "unknown fields refused": (
        ("ignore_unknown_fields: true", ""),
        "api_version.ignore_unknown_fields: taken away: unknown fields of a body are refused now",
    ),
    "promise taken back": (
        (
            'lifecycle: LIFECYCLE_DEPRECATED\n  deprecated_on: "2027-01-01"\n  sunset_on: "2028-01-01"',
            "lifecycle: LIFECYCLE_BETA",
        ),
        "api_version.lifecycle: changed from LIFECYCLE_DEPRECATED to LIFECYCLE_BETA: a promise cannot be taken back",
    ),
    "switched off": (
        ("lifecycle: LIFECYCLE_DEPRECATED", "lifecycle: LIFECYCLE_SUNSET"),
        "api_version.lifecycle: changed from LIFECYCLE_DEPRECATED to LIFECYCLE_SUNSET: it answers no more",
    ),
    "sunset moved earlier": (
        ('sunset_on: "2028-01-01"', 'sunset_on: "2027-12-31"'),
        "api_version.sunset_on: moved earlier, from 2028-01-01 to 2027-12-31",
    ),
    "access narrowed": (
        (
            "{access: ACCESS_AUTHENTICATED};\n    option (google.api.http) = {\n",
            "{access: ACCESS_ADMIN};\n    option (google.api.http) = {\n",
        ),
        "library.v1.Books.GetBook, access: changed from ACCESS_AUTHENTICATED to ACCESS_ADMIN",
    ),
    "access widened": (
        ("access: ACCESS_ADMIN", "access: [ACCESS_ADMIN, ACCESS_PUBLIC]"),
        "library.v1.Books.AddBook, access: changed from ACCESS_ADMIN to ACCESS_ADMIN, ACCESS_PUBLIC",
    ),
    "status changed": (
        ("http_status: 201", "http_status: 202"),
        "library.v1.Books.AddBook, http_status: changed from 201 to 202",
    ),
    "status back to the default": (
        ("http_status: 201", ""),
        "library.v1.Books.AddBook, http_status: changed from 201 to 200",
    ),
    "no longer idempotent": (
        ("idempotent: true", ""),
        "library.v1.Books.AddBook, idempotent: taken away: a repeated call acts a second time",
    ),
    "reason removed": (
        ("reasons: ERROR_REASON_EMAIL_TAKEN", ""),
        "library.v1.Books.AddBook, reasons: ERROR_REASON_EMAIL_TAKEN is no longer given to those who wait for it",
    ),
    "required added": (
        ("int32 pages = 2;", "int32 pages = 2 [(google.api.field_behavior) = REQUIRED];"),
        "library.v1.AddBookRequest.pages: is REQUIRED now",
    ),
    "new field required": (
        ("int32 pages = 2;", "int32 pages = 2;\n  string shelf = 4 [(google.api.field_behavior) = REQUIRED];"),
        "library.v1.AddBookRequest.shelf: is new and REQUIRED: requests that were good are refused",
    ),
    "field no longer writable": (
        ("string title = 2;", "string title = 2 [(google.api.field_behavior) = OUTPUT_ONLY];"),
        "library.v1.Book.title: is OUTPUT_ONLY now",
    ),
    "field no longer guarded": (
        ("string id = 1 [(google.api.field_behavior) = OUTPUT_ONLY];", "string id = 1;"),
        "library.v1.Book.id: is no longer OUTPUT_ONLY",
    ),
    "redaction removed, in a nested message": (
        ("string name = 1 [debug_redact = true];", "string name = 1;"),
        "library.v1.Book.Author.name: is no longer redacted: a secret would stand in logs",
    ),
    "cursor removed": (
        ("string at = 1 [(fluentpro.contract.v1.cursor) = true];", "string at = 1;"),
        "library.v1.ReadBookResponse.at: is no longer the cursor: a stream that broke off cannot be resumed",
    ),
    "field removed": (
        ("string title = 2;", "reserved 2;"),
        'library/v1/books.proto:44: Previously present field "2" with name "title" on message "Book" was deleted',
    ),
    "field renamed": (
        ("int32 pages = 2;", "int32 leaves = 2;"),
        'Field "2" on message "AddBookRequest" changed name from "pages" to "leaves"',
    ),
    "type changed": (
        ("int32 pages = 2;", "string pages = 2;"),
        'Field "2" with name "pages" on message "AddBookRequest" changed type from "int32" to "string"',
    ),
    "json name changed": (
        ("int32 pages = 2;", 'int32 pages = 2 [json_name = "leaves"];'),
        '"AddBookRequest" changed option "json_name" from "pages" to "leaves"',
    ),
    "enum value removed": (
        ("BINDING_SOFT = 2;", "reserved 2;"),
        'Previously present enum value "2" on enum "Binding" was deleted',
    ),
    "stream made an answer": (
        ("returns (stream ReadBookResponse)", "returns (ReadBookResponse)"),
        '"ReadBook" on service "Books" changed from server streaming to server unary',
    ),
    "request made a stream": (
        ("rpc AddBook(AddBookRequest)", "rpc AddBook(stream AddBookRequest)"),
        '"AddBook" on service "Books" changed from client unary to client streaming',
    ),
    "rpc renamed": (
        ("rpc AddBook(", "rpc CreateBook("),
        'Previously present RPC "AddBook" on service "Books" was deleted',
    ),
    "another rpc answers": (
        ("rpc AddBook(", "rpc CreateBook("),
        "POST /api/v1/books (library.v1.Books.AddBook): another RPC answers: library.v1.Books.CreateBook",
    ),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_a_change_that_breaks_clients_is_refused(compared, kind: str) -> None:
    change, says = BREAKS[kind]
    done = compared(change)
    assert says in "\n".join(map(str, done.refused))
    assert not done.reported
    assert {finding.package for finding in done.refused} == {"library.v1"}


def test_one_change_is_told_once(compared) -> None:
    (finding,) = compared(("http_status: 201", "http_status: 202")).refused
    assert finding.package == "library.v1"


def test_all_changes_are_told_at_once(compared) -> None:
    done = compared(("http_status: 201", ""), ("BINDING_SOFT = 2;", "reserved 2;"), ("trailing_slash: true", ""))
    assert len(done.refused) == 3


def test_a_version_that_is_gone_is_refused(compared) -> None:
    told = "\n".join(map(str, compared(without="library/").refused))
    assert "api_version: the whole version is gone" in told
    assert "GET /api/v1/books/{book_id} (library.v1.Books.GetBook): the route is gone" in told
    assert 'library/v1/books.proto: Previously present file "library/v1/books.proto" was deleted' in told


def test_what_versions_share_is_refused_too(compared) -> None:
    """The reasons of errors belong to no version, and clients of each read them."""
    (finding,) = compared(("ERROR_REASON_MODEL_REFUSED", "ERROR_REASON_MODEL_DECLINED")).refused
    assert finding.package == "fluentpro.contract.v1"
    assert 'changed name from "ERROR_REASON_MODEL_REFUSED"' in finding.what
