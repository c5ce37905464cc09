"""`python -m tests.faults.rig.hasty_broker`: a worker whose Redis hands messages out again after a second.

As if `visibility_timeout` were shorter than the jobs, which our own settings do not allow. Kombu looks every hundred
seconds what to hand out again; here it looks every second.
"""

from workers.app import app

_HASTE = {"visibility_timeout": 1, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}


def _main() -> None:
    app.conf.broker_transport_options.update(_HASTE)
    app.worker_main(["worker", "--hostname", "hasty@%h", "--concurrency", "4"])


if __name__ == "__main__":
    _main()
