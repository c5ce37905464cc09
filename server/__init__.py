"""gRPC: the chain, the servicers, the process, and the `fluentpro` command."""
