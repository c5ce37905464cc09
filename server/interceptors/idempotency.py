"""Requests with an idempotency key: a repeat is answered before anything else happens."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from google.protobuf.message import Message

from adapters.sql.answers import Answers
from domain.identity.errors import TokenMissing
from domain.shared.errors import InvalidRequest, Violation
from domain.shared.once import Once
from server.call import Call
from server.chain import Interceptor
from server.keyed import Keyed

_KEY = "idempotency_key"


class Idempotency(Interceptor):
    """Looks for the answer to a request that comes again; a new one is marked, for its servicer to keep the answer.

    `answer_types` has the message that each idempotent method answers with, by the method's name.
    """

    def __init__(self, answers: Answers, answer_types: Mapping[str, type[Message]]) -> None:
        self._answers = answers
        self._types = answer_types

    def concerns(self, method: str) -> bool:
        """Tell whether the contract calls the method idempotent."""
        return method in self._types

    async def begin(self, call: Call) -> Any | None:
        """Return the first answer to a repeat. Raises InvalidRequest and IdempotencyKeyReused."""
        request: Message = call.request
        text: str = getattr(request, _KEY)
        if not text:
            return None
        once = Once(_user(call), call.method, _parse(text), _digest(request), _not_yet)
        keyed = Keyed(once, self._answers, self._types[call.method].FromString, call.trailers)
        answer = await keyed.replayed()
        if answer is None:
            call.keyed = keyed
        return answer


def _user(call: Call) -> UUID:
    if call.identity is None:  # the contract's policies are checked at the start: idempotent methods are not public
        raise TokenMissing
    return call.identity.user_id


def _parse(text: str) -> UUID:
    try:
        key = UUID(text)
    except ValueError:
        key = None
    if key is None or key.version != 4 or str(key) != text.lower():
        raise InvalidRequest((Violation(_KEY, "INVALID_FORMAT", "A random UUID (version 4) is needed."),))
    return key


def _digest(request: Message) -> bytes:
    """Return what stands for the contents of a request, whatever its key and the order on the wire."""
    contents = type(request)()
    contents.CopyFrom(request)
    contents.ClearField(_KEY)
    return hashlib.sha256(contents.SerializeToString(deterministic=True)).digest()


def _not_yet(_result: object) -> bytes:
    raise LookupError("the method is idempotent, and its servicer does not say how it answers")
