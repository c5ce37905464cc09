"""The servicers of `fluentpro.v2`."""
