"""`python -m tests.faults.rig.other_clock SECONDS COMMAND…`: `fluentpro` on a machine whose clock is wrong.

All of the product's time comes from `domain.shared.clock.system_clock`, and of the standard library's from `time.time`;
both are ahead by so many seconds, or behind. The clocks of the event loop, of Postgres and of Valkey are right.
"""

import sys
import time
from datetime import UTC, datetime, timedelta


def _main() -> None:
    ahead = float(sys.argv.pop(1))
    right = time.time
    time.time = lambda: right() + ahead

    # Before anything else is imported: many import the clock by its name.
    from domain.shared import clock

    clock.system_clock = lambda: datetime.now(UTC) + timedelta(seconds=ahead)
    from server.cli import main

    main()


if __name__ == "__main__":
    _main()
