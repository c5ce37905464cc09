"""A call that has failed, on its way out of the chain."""

from google.rpc.status_pb2 import Status


class Failed(Exception):
    """The one exception that leaves the chain: it carries what the caller is told."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(status.message)
        self.status = status
        self.reason = reason
