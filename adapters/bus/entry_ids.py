"""The ids of a stream's entries."""

NEVER = "0-0"
"""The last id of a stream that has never had an entry."""


def parsed(entry_id: str) -> tuple[int, int]:
    """Return an id such as `1700000000000-3` as numbers, which compare as Redis compares ids."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)
