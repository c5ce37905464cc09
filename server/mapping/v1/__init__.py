"""The mapping of `fluentpro.v1`."""
