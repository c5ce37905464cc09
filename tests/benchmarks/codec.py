"""The codec beside json_format: an onboarding out and in, and one event of a reply."""

import json
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from fluentpro.v2 import catalog_pb2, conversation_service_pb2, onboarding_pb2, reply_pb2
from gateway.codec.decode import Readers
from gateway.codec.encode import Writers
from gateway.codec.json_text import dump, parse
from gateway.codec.names import JsonStyle
from server.image import our_image

from .figures import Figure, median, ratio
from .plan import Plan
from .servers.memory import GENERATION
from .table import Table, number

NOTE = """\
Microseconds for one message, between the message and its JSON text, in one process without a server; of several runs
the shortest, and of those the rounds' median. Both write the same JSON. Reading, ours refuses duplicate keys and
endless depth besides; a text with blanks is one as Python's json writes it, one without as browsers do."""

_IN_A_ROW = 200
_STYLE = JsonStyle(proto_names=True, print_defaults=True)

Step = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Coded:
    """One way of one message: what json_format takes and what ours takes, in microseconds."""

    name: str
    theirs: Figure
    ours: Figure

    @property
    def faster(self) -> Figure:
        """How many times as fast ours is."""
        return ratio(self.theirs, self.ours)


def code(plan: Plan) -> tuple[Coded, ...]:
    """Measure out, in, in with blanks, and a token out: each by both, round by round."""
    steps = _steps()
    rounds = [[(_time(theirs), _time(ours)) for _, theirs, ours in steps] for _ in range(plan.rounds)]
    columns = zip(*rounds, strict=True)
    return tuple(
        Coded(name, *map(median, zip(*pairs, strict=True))) for (name, _, _), pairs in zip(steps, columns, strict=True)
    )


def _steps() -> list[tuple[str, Step, Step]]:
    profile, token = _in_the_image(_onboarding()), _in_the_image(_token())
    text = _print(profile)
    spaced = json.dumps(json.loads(text), ensure_ascii=False).encode()
    return [
        (f"out, {len(text):,} bytes", *_writing(profile)),
        ("in, the same", *_reading(profile, text)),
        ("in, the same with blanks", *_reading(profile, spaced)),
        (f"token out, {len(_print(token))} bytes", *_writing(token)),
    ]


def _descriptor(message: Message) -> Descriptor:
    return cast("Descriptor", message.DESCRIPTOR)  # its types name the class of either implementation


def _writing(message: Message) -> tuple[Step, Step]:
    write = Writers(our_image().pool, _STYLE).message(_descriptor(message))
    if json.loads(dump(write(message))) != json.loads(_print(message)):
        raise ValueError(f"two ways to write {message.DESCRIPTOR.full_name}")
    return lambda: _print(message), lambda: dump(write(message))


def _reading(message: Message, text: bytes) -> tuple[Step, Step]:
    read, new = Readers(our_image().pool, _STYLE).message(_descriptor(message)), type(message)

    def ours() -> Message:
        made = new()
        read(parse(text), made)
        return made

    if ours() != message:
        raise ValueError(f"{message.DESCRIPTOR.full_name} is not read as it was written")
    return lambda: json_format.Parse(text, new()), ours


def _print(message: Message) -> bytes:
    """Return compact JSON by json_format and the standard library."""
    value = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _time(step: Step) -> float:
    return min(timeit.repeat(step, number=_IN_A_ROW, repeat=5)) / _IN_A_ROW * 1e6


def _in_the_image(message: Message) -> Message:
    """Return a message as the gateway has it: of the image's own type."""
    kind = GetMessageClass(our_image().pool.FindMessageTypeByName(message.DESCRIPTOR.full_name))
    return kind.FromString(message.SerializeToString())


def _onboarding() -> Message:
    situations = [
        catalog_pb2.Situation(id=f"situation_{number}", display_name="Handling a complaint about the room")
        for number in range(3)
    ]
    guests = catalog_pb2.CommunicationPartner(
        id="hotel_guests",
        display_name="Hotel guests",
        description="People who stay at the hotel, from all over the world",
    )
    made = onboarding_pb2.Onboarding(
        step=onboarding_pb2.ONBOARDING_STEP_COMPLETED,
        next_step=onboarding_pb2.ONBOARDING_STEP_COMPLETED,
        native_language=catalog_pb2.Language(id="zh-HK", display_name="廣東話", available=True),
        industry=catalog_pb2.Industry(id="hotels_hospitality", display_name="Hotels & Hospitality"),
        job_title="禮賓員",
        job_description="I welcome guests, book tables and taxis, and answer questions about the town.",
        role=catalog_pb2.Role(
            id="concierge",
            industry_id="hotels_hospitality",
            title="Concierge",
            duties="Advises guests, books what they need, and solves what goes wrong.",
            aliases=["Guest relations officer", "禮賓部職員"],
            level=catalog_pb2.ROLE_LEVEL_ASSOCIATE,
            etag="1",
        ),
        partners=[
            onboarding_pb2.PartnerSelection(partner=guests, priority=number, situations=situations) for number in (1, 2)
        ],
    )
    made.completed_at.FromJsonString("2026-01-02T03:04:05.678901Z")
    return made


def _token() -> Message:
    event = reply_pb2.ReplyEvent(
        cursor=f"{GENERATION}:1-17",
        generation_id=str(GENERATION),
        attempt=1,
        sequence=17,
        delta=reply_pb2.ReplyDelta(text="certainly "),
    )
    return conversation_service_pb2.SendMessageResponse(event=event)


def codec_table(measured: tuple[Coded, ...]) -> Table:
    """Return what was measured."""
    rows = tuple((each.name, number(each.theirs, 1), number(each.ours, 1), number(each.faster, 1)) for each in measured)
    return Table("JSON", ("", "json_format µs", "ours µs", "times as fast"), rows, NOTE)
