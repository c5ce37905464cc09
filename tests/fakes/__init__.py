"""In-memory ports for unit tests; each passes the contract test of the adapter it stands for."""
