"""Why a handler failed, in words that operators may read: no values of people's are in them."""

from sqlalchemy.exc import DBAPIError

from domain.audit.errors import EventBroken, Undecodable

FAILED = "HANDLER_FAILED"
"""The reason where it is the handler that failed, not the event that is unreadable."""
_LONGEST = 500


def reason_of(error: Exception) -> str:
    """Return the code."""
    return error.reason if isinstance(error, Undecodable) else FAILED


def describe(error: Exception) -> str:
    """Return what is said of the error: its type, and its message where that repeats nothing of an event."""
    text = f"{type(error).__name__}: {_message(error)}"[:_LONGEST]
    # As the database takes it: it has neither NUL nor half of a surrogate pair.
    return text.replace("\0", "").encode(errors="replace").decode()


def _message(error: Exception) -> str:
    if isinstance(error, EventBroken):
        return _cause(error.__cause__)
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        return f"the database refused with SQLSTATE {state}"
    return str(error)


def _cause(cause: BaseException | None) -> str:
    """Say what is wrong with a payload; only of a missing field is the message a name, elsewhere it is a value."""
    if isinstance(cause, KeyError):
        return f"the field {cause} is missing"
    return f"a field's value is not of its type ({type(cause).__name__})"
