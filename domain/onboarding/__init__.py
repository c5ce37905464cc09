"""The way from a new account to the first conversation."""
