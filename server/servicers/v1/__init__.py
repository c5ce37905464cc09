"""The servicers of `fluentpro.v1`, over the same use cases as those of later versions."""
