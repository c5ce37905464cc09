"""`python -m tests.faults.rig.hasty_broker`: a worker whose Redis hands messages out again after a second.

As if `visibility_timeout` were shorter than the jobs, which our own settings do not allow.
"""

from workers.app import app

_SECONDS = 1


def _main() -> None:
    app.conf.broker_transport_options["visibility_timeout"] = _SECONDS
    app.worker_main(["worker", "--hostname", "hasty@%h", "--concurrency", "4"])


if __name__ == "__main__":
    _main()
