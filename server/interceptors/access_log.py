"""One line in the log for each RPC; never a payload."""

import time

from google.rpc.code_pb2 import Code

from adapters.telemetry.logs import AccessLog
from server.call import Call
from server.chain import Interceptor

_CODES = {number: name for name, number in Code.items()}


class AccessLogs(Interceptor):
    """Writes the line when the call has ended. Times are Unix seconds, `ms` is what the call took."""

    def __init__(self, log: AccessLog) -> None:
        self._log = log

    def end(self, call: Call) -> None:
        """Write the line."""
        self._log.write(
            time=round(time.time(), 3),
            method=call.method,
            code=_CODES[call.code],
            reason=call.reason,
            ms=round((time.monotonic() - call.started) * 1000, 3),
            request_id=call.request_id,
            user=call.identity.user_id if call.identity is not None else "",
            peer=call.peer,
            received=call.received,
            sent=call.sent,
        )
