"""The files that the docs page loads, under paths that name their content, so that browsers may keep them for good."""

import gzip
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path

VIEWER = "flask-swagger-ui"
"""The package that holds the viewer; its version is that of Swagger UI."""

_VIEWER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
_OWN_FILES = (
    *("page.css", "page.js", "folding.js"),
    *("live_stream.js", "streams.js", "stream_request.js", "example.js"),
)
_OWN = Path(__file__).with_name("static")
_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".png": b"image/png",
}
_BEST = 9  # gzip's best level: 60 ms for the viewer, once a process
_HASH_DIGITS = 16  # hexadecimal: 64 bits tell two builds of the page apart


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content_type: bytes
    data: bytes
    etag: str
    is_lasting: bool = True
    """Whether what its path names can never change."""
    _zipped: list[bytes] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(cls, content_type: bytes, data: bytes, *, is_lasting: bool = True) -> "Asset":
        """Return an asset with the etag of its data."""
        etag = f'"{sha256(data).hexdigest()[:_HASH_DIGITS]}"'
        return cls(content_type, data, etag, is_lasting)

    def zipped(self) -> bytes:
        """Return the data as gzip, made when it is first asked for."""
        if not self._zipped:
            self._zipped.append(gzip.compress(self.data, _BEST, mtime=0))
        return self._zipped[0]


@cache
def viewer_assets() -> tuple[str, dict[str, Asset]]:
    """Return the folder of the assets below the page, named for what is in them, and each by its file name."""
    files = {name: _read_viewer(name) for name in _VIEWER_FILES}
    files |= {name: (_OWN / name).read_bytes() for name in _OWN_FILES}
    digest = sha256()
    for data in files.values():
        digest.update(sha256(data).digest())
    assets = {name: Asset.of(_TYPES[Path(name).suffix], data) for name, data in files.items()}
    return f"assets/{digest.hexdigest()[:_HASH_DIGITS]}", assets


def own_html(name: str) -> str:
    """Return a text that the page is made of, such as its frame with `$names` for what differs."""
    return (_OWN / name).read_text(encoding="utf-8")


def _read_viewer(name: str) -> bytes:
    path = distribution(VIEWER).locate_file(f"{VIEWER.replace('-', '_')}/dist/{name}")
    return Path(str(path)).read_bytes()
