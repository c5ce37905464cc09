"""Which documents an image has, and what they say of themselves."""

from pathlib import Path

import pytest

from gateway.binding import compile_routes
from gateway.image import Image
from gateway.lifecycle import Lifecycle
from gateway.openapi.documents import Documents, Wording


@pytest.fixture
def documents(hotel: Image) -> Documents:
    return Documents(hotel, compile_routes(hotel))


def test_every_version_has_a_document_the_newest_first(documents: Documents) -> None:
    assert documents.names == ["v2", "v1"]


def test_the_newest_is_one_that_is_not_on_its_way_out(documents: Documents) -> None:
    assert documents.newest() == "v2"
    assert documents.document() is documents.document("v2")


def test_a_document_is_made_once(documents: Documents) -> None:
    assert documents.document("v1") is documents.document("v1")


def test_there_is_no_document_of_a_version_that_is_not_there(documents: Documents) -> None:
    with pytest.raises(KeyError):
        documents.document("v9")


def test_an_image_without_versions_has_one_document(describe) -> None:
    document = describe("""
    message M {}
    service S { rpc Go(M) returns (M) { option (google.api.http) = {get: "/m"}; } }
    """)
    assert (document["info"]["title"], document["info"]["version"]) == ("inn.v1", "v1")
    assert "x-lifecycle" not in document["info"]


@pytest.mark.parametrize(
    ("stages", "newest"),
    [
        ({"v1": "STABLE", "v2": "DEVELOPMENT"}, "v1"),
        ({"v1": "STABLE", "v2": "BETA"}, "v2"),
        ({"v1": "STABLE", "v2beta1": "BETA", "v2alpha1": "DEVELOPMENT"}, "v2beta1"),
        ({"v2": "STABLE", "v2beta3": "BETA"}, "v2"),
        ({"v9": "STABLE", "v10": "STABLE"}, "v10"),
        ({"v1": "DEPRECATED", "v2": "DEPRECATED"}, "v2"),
        ({"edge": "STABLE", "v1": "STABLE"}, "v1"),
    ],
)
def test_the_newest_is_the_highest_that_is_stable_or_in_beta(stages, newest, compile_files, tmp_path) -> None:
    (tmp_path / "options.proto").write_text((Path(__file__).parent / "protos" / "options.proto").read_text())
    for name, stage in stages.items():
        since = 'deprecated_on: "2026-11-01"' if stage == "DEPRECATED" else ""
        (tmp_path / f"{name}.proto").write_text(f"""
        syntax = "proto3"; package inn.{name}; import "options.proto"; import "google/api/annotations.proto";
        option (fluentpro.contract.v1.api_version) = {{
          lifecycle: LIFECYCLE_{stage} {since} base_path: "/{name}"
        }};
        message M {{}}
        service S {{ rpc Go(M) returns (M) {{ option (google.api.http) = {{get: "/{name}/m"}}; }} }}
        """)
    image = compile_files(tmp_path, *(f"{name}.proto" for name in stages))
    documents = Documents(image, compile_routes(image))
    assert documents.newest() == newest
    assert list(documents.document()["paths"]) == [f"/{newest}/m"]


def test_the_owner_of_an_api_says_the_first_words(hotel: Image) -> None:
    info = Documents(hotel, compile_routes(hotel), Wording("Hotels", "Good evening.")).document("v2")["info"]
    assert info["title"] == "Hotels"
    assert info["description"].startswith("Good evening.\n\n## Answers\n\n")
    assert "## Streams" in info["description"]


def test_a_version_without_streams_says_nothing_of_them(v1) -> None:
    assert "## Streams" not in v1["info"]["description"]


@pytest.mark.parametrize(
    ("lifecycle", "notice"),
    [
        (Lifecycle("STABLE", "2026-11-01"), ""),
        (Lifecycle("DEPRECATED"), "**Deprecated.**"),
        (Lifecycle("DEPRECATED", "2026-11-01", message="Go."), "**Deprecated since 2026-11-01.** Go."),
    ],
)
def test_a_notice_says_what_the_option_does(lifecycle: Lifecycle, notice: str) -> None:
    assert lifecycle.notice == notice
