"""Passwords, signing keys, access tokens and refresh tokens."""
