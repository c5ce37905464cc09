"""The migrations, in order. Each is expand-only: the version before must run beside it."""
