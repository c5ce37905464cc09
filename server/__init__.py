"""gRPC: the chain, the servicers, the process, and the `fluentpro` command."""

import os

# Our processes start others only by exec. Without this gRPC's handlers run in the moment between fork and exec, where
# they have been seen to end the new process before it began.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
