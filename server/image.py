"""The descriptor image of our own contract."""

from functools import cache
from pathlib import Path

import fluentpro
from gateway.image import Image


@cache
def our_image() -> Image:
    """Return the image that lies beside the generated stubs."""
    return Image.read(Path(next(iter(fluentpro.__path__))) / "descriptors.binpb")
