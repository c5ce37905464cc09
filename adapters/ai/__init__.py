"""Chat models: the scripted one, which needs no network, and any server that speaks OpenAI's protocol."""
