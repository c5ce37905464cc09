"""The command line."""

import argparse
import asyncio
import getpass
import os
import sys
from pathlib import Path

from grpc.aio import AioRpcError

from phone.refusal import refusal_of
from phone.screen import Screen
from phone.session import SignedOut
from phone.talk import Account, Talk
from phone.wire import channel_to


def main(about: str | None) -> int:
    """Return 0 when the learner left, 1 when there was no way in; then the reason is on stderr."""
    given = _parser(about).parse_args()
    given.state.mkdir(mode=0o700, parents=True, exist_ok=True)  # for its owner only: tokens, and what was said
    try:
        asyncio.run(_talk(given))
    except AioRpcError as error:
        sys.stderr.write(f"{refusal_of(error)}\n")
    except SignedOut:
        sys.stderr.write("This device was signed out: log in again with --email.\n")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 0
    else:
        return 0
    return 1


async def _talk(given: argparse.Namespace) -> None:
    account = Account(given.email, _password(), given.name) if given.email else None
    async with channel_to(given.server) as channel:
        await Talk(channel, given.state, Screen(sys.stdout, sys.stderr)).hold(account, given.scenario)


def _password() -> str:
    """Return the password; from the environment where nobody can type."""
    return os.environ.get("PHONE_PASSWORD") or getpass.getpass()


def _parser(about: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="127.0.0.1:50051", help="where FluentPro serves gRPC")
    parser.add_argument("--state", type=Path, default=Path("phone-state"), help="the folder that keeps everything")
    parser.add_argument("--scenario", default="", help="of a new conversation; without it the first there is")
    parser.add_argument("--email", default="", help="log in; without it a guest's account is made, once")
    parser.add_argument("--name", default="", help="with --email: make the account under this full name")
    return parser
