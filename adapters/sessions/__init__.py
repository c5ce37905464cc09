"""The fast copy of sessions in Redis: when each was last used, and the news of those that have ended."""
