"""The header `Accept` (RFC 9110, 12.5.1): which of the forms of an answer a client wants.

`application/problem+json` says how errors shall look and nothing of answers that go well: who names it alone takes
those as they come.
"""

from functools import lru_cache

from gateway.errors import Refusal
from gateway.weights import weighted

JSON = "application/json"
PROBLEM = "application/problem+json"
_MAX_KEPT = 256  # bytes of an Accept header whose meaning is remembered

# How much each range is wanted, and its place in the header, where earlier is higher.
_Ranges = dict[str, tuple[float, int]]


def media_type(accept: bytes, offers: tuple[str, ...]) -> str:
    """Return the offer that an `Accept` header prefers, the first when it does not care; Refusal when it takes none."""
    is_usual = len(accept) <= _MAX_KEPT
    chosen = _preferred(accept, offers) if is_usual else _preferred.__wrapped__(accept, offers)
    if chosen:
        return chosen
    there_is = ", ".join(offers)
    raise Refusal(
        f"Accept takes nothing that there is: {there_is}",
        "NOT_ACCEPTABLE",
        http_status=406,
        field_path="accept",
        metadata={"available": there_is},
    )


def wants_problem_details(accept: bytes) -> bool:
    """Tell whether errors shall be problem details (RFC 9457): they are named, and JSON is not wanted more."""
    ranges = _ranges(accept)
    quality, _ = ranges.get(PROBLEM, (0.0, 0))
    return quality > 0 and quality >= _rank(JSON, ranges)[0]


@lru_cache(maxsize=256)
def _preferred(accept: bytes, offers: tuple[str, ...]) -> str:
    ranges = _ranges(accept)
    ranges.pop(PROBLEM, None)
    if not ranges:
        return offers[0]
    ranks = {offer: _rank(offer, ranges) for offer in offers}
    best = max(offers, key=ranks.__getitem__)  # of equals the first
    return best if ranks[best][0] > 0 else ""


def _ranges(accept: bytes) -> _Ranges:
    """Read a header; what is no media range matches nothing."""
    ranges: _Ranges = {}
    for index, (name, quality) in enumerate(weighted(accept)):
        key = "*/*" if name == "*" else name  # Java's own client writes it so
        ranges[key] = max(ranges.get(key, (0.0, -index)), (quality, -index))
    return ranges


def _rank(offer: str, ranges: _Ranges) -> tuple[float, int, int]:
    """Return how much an offer is wanted by the range that says most of it: weight, precision, place."""
    kind = offer.partition("/")[0]
    for precision, name in ((2, offer), (1, f"{kind}/*"), (0, "*/*")):
        if name in ranges:
            quality, place = ranges[name]
            return quality, precision, place
    return 0.0, 0, 0
