"""Lists with weights, such as `gzip;q=0.8, *;q=0` (RFC 9110, 12.4.2)."""

from collections.abc import Iterator


def weighted(header: bytes) -> Iterator[tuple[str, float]]:
    """Yield each element, in lower case and without parameters, with its weight: 0 (no) to 1, and 0 if it is none."""
    for part in header.decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name:
            text = next((item.removeprefix("q=") for item in parameters if item.startswith("q=")), "1")
            yield name, _weight(text)


def _weight(text: str) -> float:
    is_decimal = text.isascii() and text.replace(".", "", 1).isdecimal()
    return min(float(text), 1.0) if is_decimal else 0.0
