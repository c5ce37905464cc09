"""The Celery application of this installation: `celery -A workers.app worker`, `celery -A workers.app flower`.

Importing it reads the settings and connects to nothing. Settings that cannot be used, and a Flower without a password,
end the process with exit code 78.
"""

import os
import sys

from celery import signals

from adapters import failpoints
from adapters.engines.folder import DataFolder, EngineUrls
from adapters.settings import Settings, SettingsError, load_settings
from adapters.telemetry.logs import configure_logs
from workers import flower, running
from workers.celery_app import SOFT_SHUTDOWN_SECONDS, make_app
from workers.stop_pipe import StopPipe
from workers.tasks.registry import tasks

_EX_CONFIG = 78  # sysexits.h


def _settings() -> Settings:
    try:
        flower.guard(sys.argv, os.environ)
        return load_settings(os.environ)
    except (SettingsError, flower.FlowerRefused) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_EX_CONFIG)


def _urls(settings: Settings) -> EngineUrls:
    """Return the engines that the settings name, and for those they do not name the ones of DATA_DIR."""
    own = DataFolder.at(settings.data_dir).urls
    return EngineUrls(
        settings.database_url.get_secret_value() if settings.database_url else own.database_url,
        settings.redis_url.get_secret_value() if settings.redis_url else own.redis_url,
    )


_SETTINGS = _settings()
_URLS = _urls(_SETTINGS)
app = make_app(_URLS.redis_url, tasks().values())


def _log(**_: object) -> None:
    configure_logs(_SETTINGS.log_level)


def _set_up(sender: str, **_: object) -> None:
    """Prepare what the processes inherit; `sender` is the worker's name, such as celery@host."""
    stop = StopPipe()
    running.set_up(running.Worker(_SETTINGS, _URLS.database_url, sender, stop))
    signals.worker_shutting_down.connect(lambda **_: stop.end_after(SOFT_SHUTDOWN_SECONDS), weak=False)
    failpoints.arm(_SETTINGS.failpoints)


def _start_process(**_: object) -> None:
    running.start_process()


def _stop_process(**_: object) -> None:
    running.stop_process()


signals.setup_logging.connect(_log, weak=False)
signals.celeryd_after_setup.connect(_set_up, weak=False)
signals.worker_process_init.connect(_start_process, weak=False)
signals.worker_process_shutdown.connect(_stop_process, weak=False)
