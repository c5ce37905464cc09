"""The record of everything that happened: reading it, proving it, and what handlers could not make of it."""
