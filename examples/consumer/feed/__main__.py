"""`python -m feed URL`: consume FluentPro's events into a SQLite database, until SIGTERM or Ctrl-C."""

import argparse
import logging
import signal
import socket
from pathlib import Path

from feed.consumer import Consumer
from feed.group import Group
from feed.inbox import Inbox
from feed.practice import EFFECTS, TABLES


def main() -> None:
    """Run the command."""
    given = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    streams = [f"fp:ev:{{{area}}}" for area in given.area or ["practice"]]
    group = Group(given.url, given.group, given.name, streams)
    inbox = Inbox(given.database, EFFECTS, TABLES, given.gap_seconds)
    consumer = Consumer(group, inbox)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: consumer.stop())
    consumer.run()
    group.close()
    inbox.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m feed", description=__doc__)
    parser.add_argument("url", help="redis://…, rediss://… or unix://…, as FLUENTPRO_REDIS_URL names it")
    parser.add_argument("--area", action="append", help="such as identity; may be repeated (practice)")
    parser.add_argument("--group", default="practice-report", help="the service; each has a group of its own")
    parser.add_argument("--name", default=socket.gethostname(), help="of this process in its group: unique, and kept")
    parser.add_argument("--database", type=Path, default=Path("practice.sqlite"))
    parser.add_argument("--gap-seconds", type=float, default=60, help="how long to wait for a version that is missing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
