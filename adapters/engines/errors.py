"""Why engines do not start, each told in one line a newcomer can act on."""


class EnginesBusy(Exception):
    """Another live process holds the data folder; the message names its process id."""


class EnginesFailed(Exception):
    """An engine cannot run: the message says which, what it reported, and what to do."""
