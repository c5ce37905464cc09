"""Which Postgres and which Valkey a command uses."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.engines import Engines, EngineUrls, running_engines
from adapters.settings import Settings


@contextmanager
def engines_for(settings: Settings, report: Callable[[str], None]) -> Iterator[EngineUrls]:
    """Give the engines that the settings name, and for those they do not name the ones of DATA_DIR.

    Engines that run in DATA_DIR already are used and left running; otherwise they are started, and stopped at the end.
    Raises EnginesBusy or EnginesFailed.
    """
    named = named_engines(settings)
    if named is not None:
        yield named
        return
    running = running_engines(settings.data_dir)
    if running is not None:
        yield prefer_named(settings, running)
        return
    engines = Engines.start(settings.data_dir, report)
    try:
        yield prefer_named(settings, engines.urls)
    finally:
        engines.stop()


def named_engines(settings: Settings) -> EngineUrls | None:
    """Return the engines that the settings name; None unless they name both."""
    if settings.database_url is None or settings.redis_url is None:
        return None
    return EngineUrls(settings.database_url.get_secret_value(), settings.redis_url.get_secret_value())


def prefer_named(settings: Settings, own: EngineUrls) -> EngineUrls:
    """Return `own`, with what the settings name in its place."""
    return EngineUrls(
        settings.database_url.get_secret_value() if settings.database_url else own.database_url,
        settings.redis_url.get_secret_value() if settings.redis_url else own.redis_url,
    )
