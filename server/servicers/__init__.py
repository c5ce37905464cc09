"""The RPCs: message to command, use case, result to message. One package a version."""
