"""Accounts, sessions and their tokens."""
