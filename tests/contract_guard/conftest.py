"""A small contract that has made its promise, and changes of it."""

import json
from collections.abc import Callable
from pathlib import Path

import google.api
import pytest
from grpc_tools import protoc

from gateway.image import Image
from server.contract_guard.comparison import Baseline, Comparison, compare
from server.contract_guard.document import document

_ROOT = Path(__file__).parents[2]
_PROTOS = Path(__file__).parent / "protos"
_OPTIONS = _ROOT / "proto/fluentpro/contract"
_BUNDLED = Path(protoc.__file__).parent / "_proto"
_GOOGLEAPIS = Path(next(iter(google.api.__path__))).parents[1]


def _texts(root: Path, folder: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(folder.rglob("*.proto"))}


_SOURCES = _texts(_PROTOS, _PROTOS) | _texts(_ROOT / "proto", _OPTIONS)


def _compile(folder: Path, sources: dict[str, str]) -> Path:
    for name, text in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    includes = [f"-I{include}" for include in (folder, _GOOGLEAPIS, _BUNDLED)]
    image = folder / "image.binpb"
    options = ["--include_imports", "--include_source_info", f"--descriptor_set_out={image}"]
    assert protoc.main(["protoc", *includes, *options, *sources]) == 0
    return image


def _changed(*changes: tuple[str, str], without: str = "no file") -> dict[str, str]:
    """Return the contract with pieces of its text replaced, and without some files."""
    sources = {name: text for name, text in _SOURCES.items() if not name.startswith(without)}
    for old, new in changes:
        (name,) = (name for name, text in sources.items() if text.count(old) == 1)
        sources[name] = sources[name].replace(old, new)
    return sources


@pytest.fixture(scope="session")
def accept(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make the folder of a baseline: the contract, with pieces of its text replaced."""

    def accept_contract(*changes: tuple[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("accepted")
        image = _compile(tmp_path_factory.mktemp("protos"), _changed(*changes)).rename(folder / "v1.binpb")
        (folder / "routes.json").write_text(json.dumps(document(Image.read(image))))
        return folder

    return accept_contract


@pytest.fixture(scope="session")
def baseline(accept: Callable[..., Path]) -> Path:
    """The folder of what was accepted last."""
    return accept()


@pytest.fixture
def image_with(tmp_path: Path) -> Callable[..., Path]:
    """Return a compiler of the contract: `image_with((old, new), …, without="a folder/")`."""
    return lambda *changes, **files: _compile(tmp_path, _changed(*changes, **files))


@pytest.fixture
def compared(baseline: Path, image_with: Callable[..., Path]) -> Callable[..., Comparison]:
    """Return a comparison of the contract, changed so, with its baseline."""
    return lambda *changes, **files: compare(Baseline.read(baseline), image_with(*changes, **files))
