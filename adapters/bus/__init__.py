"""The event bus over Redis Streams."""
