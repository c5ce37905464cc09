"""Messages to commands and results to messages: pure functions, one module a subject, one package a version."""
