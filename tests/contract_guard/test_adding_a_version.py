"""The commands of docs/guide/add-a-version.md, run as they stand there in a copy of the repository."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_GUIDE = _ROOT / "docs/guide/add-a-version.md"
_COPIED = ("adapters", "domain", "gateway", "generated", "proto", "server", "workers", "buf.yaml", "buf.gen.yaml")
_PROBE = Path(__file__).with_name("side_by_side.py")
_SECONDS = 120
_WITHOUT_COVERAGE = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def _blocks() -> list[str]:
    """Return the guide's commands; `make` would set up an environment in the copy, so its script runs in its place."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", _GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return [block.replace("make generate", "bash proto/generate.sh") for block in blocks]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what is built and served."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in _COPIED:
        source, target = _ROOT / name, tmp_path / "checkout" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)
    return tmp_path / "checkout"


def _run(checkout: Path, *words: str) -> str:
    environ = _WITHOUT_COVERAGE | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{checkout}:{checkout / 'generated'}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        words, cwd=checkout, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _files(checkout: Path) -> dict[str, str]:
    """Return every file but the generated ones, with a digest of its content."""
    paths = (
        path for path in checkout.rglob("*") if path.is_file() and path.relative_to(checkout).parts[0] != "generated"
    )
    return {path.relative_to(checkout).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_a_version_is_added_served_beside_the_others_and_taken_away(
    checkout: Path, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    *add, take_away = _blocks()
    before = _files(checkout)
    _run(checkout, "bash", "-euc", "\n".join(add))
    after = _files(checkout)
    _run(checkout, "buf", "lint")
    _run(
        checkout,
        sys.executable,
        "-m",
        "server.contract_guard",
        "generated/fluentpro/descriptors.binpb",
        "proto/baseline",
    )

    told = json.loads(_run(checkout, sys.executable, str(_PROBE), database_url, redis_url, str(tmp_path / "data")))
    duties = told["v2"].pop("duties")
    assert duties
    assert told["v3"].pop("responsibilities") == told["v3 by gRPC"] == told["v1"]["description"] == duties
    assert told["v2"] == told["v3"], "nothing else has changed"
    assert told["names"] == [told["v1 name"]] * 2
    assert (told["keys"], told["without a token"], told["documents"]) == (200, 401, [200, 200, 200])

    changed = {name for name in after if after[name] != before.get(name)}
    assert {name for name in changed if name in before} == {"server/service.py"}
    protos = sum(name.startswith("proto/") for name in changed)
    assert f"It took {len(changed)} files: {protos} of the contract" in _GUIDE.read_text()

    _run(checkout, "bash", "-euc", take_away)
    assert _files(checkout) == before
    assert not list((checkout / "generated").rglob("*v3*"))
