"""`python -m talk ADDRESS`: sign up, say one thing in a role-play, and read the partner's reply."""

import argparse
import asyncio
import secrets
import sys
from uuid import uuid4

import grpc
from grpc.aio import AioRpcError

from fluentpro.v2.reply_pb2 import ReplyEvent
from talk.errors import Refusal, refusal_of
from talk.learner import Learner
from talk.typewriter import Typewriter

_CHANNEL_OPTIONS = [("grpc.initial_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 3_000)]
"""Connect again within seconds; gRPC's own limit is two minutes."""


async def talk(address: str, scenario_id: str, text: str) -> None:
    """Hold one short role-play with a new account."""
    async with grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS) as channel:
        email = f"talk-{uuid4().hex}@example.com"
        learner = await Learner.sign_up(channel, email, secrets.token_urlsafe(16), "Ana Souza")
        conversation = await learner.start(scenario_id or await learner.first_scenario())
        opening = (await learner.turns(conversation))[0]
        sys.stdout.write(f"Partner: {opening.text}\nYou: {text}\n")
        last = await _exchange(learner, conversation, text)
        if last.failed.failure.retryable:
            await _exchange(learner, conversation, text)
        await learner.end(conversation)


async def _exchange(learner: Learner, conversation: str, text: str) -> ReplyEvent:
    """Say something under an id of its own, type the reply as it comes, and return its last event."""
    sys.stdout.write("Partner: ")
    typewriter, event = Typewriter(sys.stdout), ReplyEvent()
    async for event in learner.say(conversation, uuid4().hex, text).events(on_break=_tell):
        typewriter.show(event)
    return event


def _tell(broken: Refusal) -> None:
    sys.stderr.write(f"The stream broke ({broken.reason or broken.code.name}); reading on.\n")


def main() -> int:
    """Return 0 when the talk was held, 1 when a call was refused; then the reason is on stderr."""
    parser = argparse.ArgumentParser(prog="python -m talk", description=__doc__)
    parser.add_argument("address", nargs="?", default="127.0.0.1:50051", help="where FluentPro serves gRPC")
    parser.add_argument("--scenario", default="", help="a scenario's id; without it the first there is")
    parser.add_argument("--say", default="Good morning, and welcome! May I see your passport, please?")
    given = parser.parse_args()
    try:
        asyncio.run(talk(given.address, given.scenario, given.say))
    except AioRpcError as error:
        sys.stderr.write(f"{refusal_of(error)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
