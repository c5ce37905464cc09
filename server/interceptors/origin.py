"""Who caused what a call changes."""

from contextlib import suppress

from domain.shared.origin import Origin, current_origin
from server.call import Call
from server.chain import Interceptor


class Origins(Interceptor):
    """Sets `current_origin` from the request id and the identity, so it comes after both."""

    async def begin(self, call: Call) -> None:
        """Set the origin for everything the handler does."""
        actor = f"user:{call.identity.user_id}" if call.identity is not None else "anonymous"
        call.origin_token = current_origin.set(Origin(call.request_id, actor))

    def end(self, call: Call) -> None:
        """Take it back."""
        if call.origin_token is None:
            return
        # A stream that its reader left is closed in another context, where there is nothing to take back.
        with suppress(ValueError):
            current_origin.reset(call.origin_token)
