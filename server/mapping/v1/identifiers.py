"""Ids as the first clients write them."""

from uuid import UUID


def identifier(text: str) -> str:
    """Return the id that `text` means: `senior-management` is `senior_management`, a UUID stays as it is."""
    return text if _is_uuid(text) else text.replace("-", "_")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
