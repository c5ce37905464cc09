"""The product: rules and use cases, one folder an area, written with the standard library alone."""
