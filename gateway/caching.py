"""What caches may do with an answer (RFC 9111).

Nobody keeps anything by default: answers are made for who asks. A read that anyone may call can be kept, but is asked
for again each time; an answer that is the same costs a 304 then, and none is ever out of date.
"""

from typing import Any

from gateway.errors import Headers

_PUBLIC = "ACCESS_PUBLIC"
_NO_SIDE_EFFECTS = 1  # google.protobuf.MethodOptions.IdempotencyLevel

PRIVATE: Headers = [(b"cache-control", b"private, no-store")]
# The caller may be signed in, and see more: then it is another answer.
PUBLIC: Headers = [(b"cache-control", b"public, no-cache"), (b"vary", b"accept, authorization")]
ERROR: Headers = [(b"cache-control", b"no-store"), (b"vary", b"accept")]
# Proxies must pass each message on as it comes (the second is nginx's own header).
STREAM: Headers = [*PRIVATE, (b"x-accel-buffering", b"no"), (b"vary", b"accept")]


def cache_headers(http_method: str, proto: Any, policy: Any) -> Headers:
    """Return what one rule's answers say to caches; `proto` is the method's, `policy` its option or None."""
    is_read = http_method == "GET" and proto.options.idempotency_level == _NO_SIDE_EFFECTS
    return PUBLIC if is_read and policy is not None and _PUBLIC in _access(policy) else PRIVATE


def _access(policy: Any) -> set[str]:
    """Return who may call a method; nobody is named where the option has no such field."""
    field = policy.DESCRIPTOR.fields_by_name.get("access")
    if field is None or field.enum_type is None or not field.is_repeated:
        return set()
    names = field.enum_type.values_by_number
    return {names[number].name for number in policy.access if number in names}
