"""The practice page at `/`: plain HTML, CSS and ES modules out of `server/page/`, which use the public API alone."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from string import Template

from gateway.docs.assets import Asset
from gateway.docs.sending import send_asset
from server.asgi import AsgiApp, Receive, Scope, Send

PATH = "/"
_FOLDER = "/practice"
_FRAME = "index.html"

# Nothing but this origin's own files and API. Where script could come out of text there is no way at all: the page
# makes elements and sets their text, and no policy may make trusted types. (It sets no style but by the DOM.)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_SECURITY = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
_HASH_DIGITS = 16  # hexadecimal: 64 bits tell two builds of the page apart


def practice_pages() -> dict[str, AsgiApp]:
    """Return the page and each file that it loads by their paths; below and beside them there is nothing else."""
    return {path: _File(asset) for path, asset in _assets().items()}


class _File:
    def __init__(self, asset: Asset) -> None:
        self._asset = asset

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await send_asset(self._asset, _SECURITY, scope, send)


@cache
def _assets() -> dict[str, Asset]:
    """Return what is served: the files in a folder named for their content, so that browsers may keep them for good.

    The modules name each other relative to themselves, and so stay in that folder.
    """
    root = files("server").joinpath("page")
    contents = dict(sorted(_read(root).items()))
    digest = sha256(b"".join(sha256(name.encode() + data).digest() for name, data in contents.items()))
    folder = f"{_FOLDER}/{digest.hexdigest()[:_HASH_DIGITS]}"
    frame = Template(root.joinpath(_FRAME).read_text(encoding="utf-8")).substitute(folder=folder)
    assets = {f"{folder}/{name}": Asset.of(_TYPES[_suffix(name)], data) for name, data in contents.items()}
    return assets | {PATH: Asset.of(b"text/html; charset=utf-8", frame.encode(), is_lasting=False)}


def _read(folder: Traversable, prefix: str = "") -> dict[str, bytes]:
    """Return every file that the page loads by its path below `server/page/`."""
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= _read(entry, f"{prefix}{entry.name}/")
        elif _suffix(entry.name) in _TYPES:
            found[prefix + entry.name] = entry.read_bytes()
    return found


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix
