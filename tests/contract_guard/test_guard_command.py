"""What `make check` sees of the comparison: which changes stop it, and what it tells people to do."""

from pathlib import Path
from shutil import copytree

import pytest
from typer import Typer
from typer.testing import CliRunner

from server.contract_guard.__main__ import main

_BREAKS = ("http_status: 201", "http_status: 202")
_IN_BETA = (
    'lifecycle: LIFECYCLE_DEPRECATED\n  deprecated_on: "2027-01-01"\n  sunset_on: "2028-01-01"',
    "lifecycle: LIFECYCLE_BETA",
)


@pytest.fixture
def run():
    """Run the command with an image and a baseline; returns its exit code and what it said."""
    app = Typer()
    app.command()(main)

    def run_command(image: Path, baseline: Path) -> tuple[int, str]:
        done = CliRunner().invoke(app, [str(image), str(baseline)])
        return done.exit_code, done.output

    return run_command


@pytest.fixture(scope="session")
def beta(accept) -> Path:
    """The baseline of the same contract, while it made no promise."""
    return accept(_IN_BETA)


def test_a_break_of_a_promise_stops_the_check_and_says_what_to_do(run, image_with, baseline: Path) -> None:
    code, said = run(image_with(_BREAKS), baseline)
    assert code == 1
    assert "Refused: this breaks clients" in said
    assert "  library.v1.Books.AddBook, http_status: changed from 201 to 202\n" in said
    assert "docs/guide/add-a-version.md" in said
    assert "make baseline" in said
    assert "docs/decisions/" in said


def test_a_break_of_a_beta_is_told_and_not_refused(run, image_with, beta: Path) -> None:
    code, said = run(image_with(_IN_BETA, _BREAKS, ("BINDING_SOFT = 2;", "reserved 2;")), beta)
    assert code == 0
    assert "in a version that may still change" in said
    assert "http_status: changed from 201 to 202" in said
    assert 'enum value "2" on enum "Binding" was deleted' in said


def test_a_version_is_kept_from_the_change_on_that_promises_it(run, image_with, beta: Path) -> None:
    code, said = run(image_with(_BREAKS), beta)
    assert code == 1
    assert "http_status: changed from 201 to 202" in said


def test_what_the_baseline_does_not_protect_yet_is_named(run, image_with, baseline: Path) -> None:
    code, said = run(image_with(("int32 pages = 2;", "int32 pages = 2;\n  string shelf = 4;")), baseline)
    assert code == 0
    assert "`make baseline` takes them in" in said


def test_the_same_contract_is_nothing_to_talk_about(run, image_with, baseline: Path) -> None:
    assert run(image_with(), baseline) == (0, "")


def test_what_cannot_be_compared_is_a_line_and_another_exit_code(
    run, image_with, baseline: Path, tmp_path: Path
) -> None:
    unreadable = tmp_path / "unreadable"
    unreadable.write_bytes(b"\xff")
    empty = tmp_path / "empty"
    empty.mkdir()
    outdated = tmp_path / "outdated"
    outdated.mkdir()
    (outdated / "routes.json").write_text('{"routes": []}')
    twice = image_with(('get: "/api/v1/books/{book_id}:read"', 'get: "/api/v1/books/{book_id}"'))
    good = baseline / "v1.binpb"
    pairs = [(unreadable, baseline), (twice, baseline), (tmp_path / "none", baseline), (good, empty), (good, outdated)]
    for image, against in pairs:
        code, said = run(image, against)
        assert code == 2
        assert said.startswith("the contract cannot be compared: ")


def test_a_baseline_that_buf_cannot_read_is_told_in_its_words(run, image_with, baseline: Path, tmp_path: Path) -> None:
    broken = copytree(baseline, tmp_path / "broken")
    (broken / "v1.binpb").write_bytes(b"\xff")
    code, said = run(image_with(), broken)
    assert code == 2
    assert "v1.binpb" in said


def test_without_buf_it_says_what_to_install(run, baseline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    code, said = run(baseline / "v1.binpb", baseline)
    assert code == 2
    assert "buf is not installed: run `make install`" in said


def test_our_contract_breaks_nothing_it_promised() -> None:
    """As `make check` runs it."""
    root = Path(__file__).parents[2]
    app = Typer()
    app.command()(main)
    words = [str(root / "generated/fluentpro/descriptors.binpb"), str(root / "proto/baseline")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
