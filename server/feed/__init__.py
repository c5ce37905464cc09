"""The feed for other services, described from the event classes: an AsyncAPI document, and a page for readers."""
