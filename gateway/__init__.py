"""HTTP and JSON in front of any gRPC service, driven by a descriptor image alone."""
