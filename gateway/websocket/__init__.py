"""RPCs whose client sends a stream, over a WebSocket: one JSON message a frame, both ways."""
