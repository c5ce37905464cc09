"""The names of the bus' streams. Each carries a hash tag, as every key does."""


def bus_key(area: str) -> str:
    """Return the key of the stream that has an area's events."""
    return f"fp:ev:{{{area}}}"
