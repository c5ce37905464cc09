"""`python -m workers.kept …`: the Celery worker, with what `celery worker` takes, that ends with whoever started it.

Its standard input is a pipe whose other end they hold: it ends when they do, killed or not.
"""

import os
import signal
import sys
import threading

from workers.app import app

_STOP_SECONDS = 10.0
"""For what is in hand. Whoever started it may have taken Redis along, without which a worker does not always stop."""


def _end_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    force = threading.Timer(_STOP_SECONDS, os.killpg, (os.getpgid(0), signal.SIGKILL))
    force.daemon = True
    force.start()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, name="starter", daemon=True).start()
    app.worker_main(["worker", *sys.argv[1:]])
