"""The TypeScript example, compiled as its README says, on a static server whose pages may call the product."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from browser.conftest import Open, browser, chromium, open_page, site  # noqa: F401 - fixtures
from browser.watched_page import WatchedPage

from server.openapi_command import write

EXAMPLE = Path(__file__).parents[3] / "examples/typescript"
_NOT_OF_THE_REPO = shutil.ignore_patterns("node_modules", "dist", "openapi.*")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, with types from the document of the contract as it is now."""
    absent = [name for name in ("node", "npm") if shutil.which(name) is None]
    if absent:
        _do_without(f"no {' and no '.join(absent)} on PATH")
    folder = tmp_path_factory.mktemp("example") / "typescript"
    shutil.copytree(EXAMPLE, folder, ignore=_NOT_OF_THE_REPO)
    write(None, folder / "openapi.json", None)
    installed = _npm(folder, "ci", "--no-audit", "--no-fund", "--prefer-offline")
    if installed.returncode != 0:
        _do_without(f"npm ci: {installed.stderr}")
    for script in (["types", "--", "openapi.json"], ["build"]):
        ran = _npm(folder, "run", *script)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


@pytest.fixture(scope="session")
def friend(compiled: Path) -> Iterator[str]:
    """The origin of the example's page; `site` lets it call."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(compiled))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield "http://{}:{}".format(*server.server_address[:2])
        server.shutdown()


@pytest.fixture
async def page(open_page: Open, friend: str) -> WatchedPage:  # noqa: F811 - the fixture
    return await open_page(friend)


class _Silent(SimpleHTTPRequestHandler):
    """Serves files and tells nobody."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _npm(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["npm", *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def _do_without(complaint: str) -> None:
    """CI has all that this needs; elsewhere its absence skips the tests."""
    pytest.fail(complaint) if os.environ.get("CI") else pytest.skip(complaint)
