"""Python's garbage collector, as a process that serves wants it."""

import gc

_YOUNG = 10_000
"""New containers before the young are looked at; Python's default is 700. Requests that wait for the database keep many
alive for a moment: with the default a third of GetMe's CPU went into looking at them (docs/reference/benchmarks.md)."""


def settle() -> None:
    """Take what start-up made for permanent, so that it is never looked at again, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
