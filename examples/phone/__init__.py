"""A phone's client by gRPC: it loses no message, doubles none, and reads every reply to its end."""
