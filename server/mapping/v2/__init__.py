"""The mapping of `fluentpro.v2`."""
