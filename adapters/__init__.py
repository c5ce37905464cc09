"""The real implementations of the domain's ports."""
