"""Images to describe: a hotel of two versions, and what a test writes itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import google.api
import pytest
from grpc_tools import protoc
from jsonschema import Draft202012Validator

from gateway.binding import compile_routes
from gateway.image import Image
from gateway.openapi.documents import Documents

_PROTOS = Path(__file__).parent / "protos"
_BUNDLED = Path(protoc.__file__).parent / "_proto"
_GOOGLEAPIS = Path(next(iter(google.api.__path__))).parents[1]

Document = dict[str, Any]


@pytest.fixture(scope="session")
def compile_files(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Image]:
    """Return a compiler of .proto files that lie in a folder or among Google's."""

    def compiled(folder: Path, *names: str) -> Image:
        target = tmp_path_factory.mktemp("image") / "descriptors.binpb"
        paths = [f"-I{folder}", f"-I{_GOOGLEAPIS}", f"-I{_BUNDLED}"]
        arguments = ["protoc", *paths, "--include_imports", "--include_source_info", f"--descriptor_set_out={target}"]
        assert protoc.main([*arguments, *names]) == 0
        return Image.read(target)

    return compiled


@pytest.fixture(scope="session")
def hotel(compile_files: Callable[..., Image]) -> Image:
    return compile_files(_PROTOS, *(path.name for path in sorted(_PROTOS.glob("*.proto"))))


@pytest.fixture(scope="session")
def document_of() -> Callable[..., Document]:
    """Return what makes the document of an image, as clients read it: of a version, or of the newest."""

    def made(image: Image, name: str = "") -> Document:
        return json.loads(json.dumps(Documents(image, compile_routes(image)).document(name)))

    return made


@pytest.fixture(scope="session")
def v2(hotel: Image, document_of: Callable[..., Document]) -> Document:
    return document_of(hotel, "v2")


@pytest.fixture(scope="session")
def v1(hotel: Image, document_of: Callable[..., Document]) -> Document:
    return document_of(hotel, "v1")


@pytest.fixture
def describe(compile_files: Callable[..., Image], document_of: Callable[..., Document], tmp_path: Path):
    """Return what makes the document of a .proto file, given as text after its package."""

    def described(text: str) -> Document:
        head = 'syntax = "proto3"; package inn.v1; import "google/api/annotations.proto";'
        (tmp_path / "inn.proto").write_text(f"{head}\n{text}")
        return document_of(compile_files(tmp_path, "inn.proto"))

    return described


@pytest.fixture(scope="session")
def schemas(v2: Document) -> Document:
    return v2["components"]["schemas"]


@pytest.fixture(scope="session")
def is_valid(v2: Document) -> Callable[[Any, str], bool]:
    """Return what tells whether a value is as one of the schemas of v2 says."""

    def valid(value: Any, name: str) -> bool:
        schema = {"components": v2["components"], "$ref": f"#/components/schemas/{name}"}
        return Draft202012Validator(schema).is_valid(value)

    return valid
