"""The id that one request has in logs, events, jobs and answers."""

import re

from gateway.request_ids import new_request_id
from server.call import Call
from server.chain import Interceptor

REQUEST_ID = "x-request-id"
# Letters, digits and what stands in common ids: it goes into logs and headers as it is.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestIds(Interceptor):
    """Takes the caller's `x-request-id` when it is a good one, else makes one, and sends it back as a trailer."""

    async def begin(self, call: Call) -> None:
        """Set `call.request_id`."""
        given = call.headers.get(REQUEST_ID, "")
        call.request_id = given if _ACCEPTED.fullmatch(given) else new_request_id()
        call.trailers.append((REQUEST_ID, call.request_id))
