"""The record of events, and dead letters."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from domain.audit.chain_check import BadEvent
from domain.audit.dead_letter import DeadLetter, DeadLetterState
from domain.audit.model import StoredEvent
from domain.audit.reading import EventFilter, sealed_fields
from domain.audit.verification import Verification
from domain.shared.checks import Checks, Refused
from fluentpro.v2 import audit_pb2, audit_service_pb2
from server.mapping.v2.times import timestamp

MOST_DATA = 32_768
"""Bytes of JSON: a page of a hundred such events stays below the 4 MiB that a gRPC client takes by default."""
DEEPEST_DATA = 20
"""Levels of JSON; a parser of protobuf gives up at 100, and each level of ours takes three of those."""

_INT32 = 2**31 - 1
_STATES = {state: audit_pb2.DeadLetterState.Value(f"DEAD_LETTER_STATE_{state.name}") for state in DeadLetterState}
_STATES_BACK: dict[int, tuple[DeadLetterState, ...]] = {value: (state,) for state, value in _STATES.items()}
_ALL: dict[int, tuple[DeadLetterState, ...]] = {audit_pb2.DEAD_LETTER_STATE_UNSPECIFIED: tuple(DeadLetterState)}


def event(value: StoredEvent) -> audit_pb2.AuditEvent:
    """Map an event. Nothing that is sealed goes out, not even as it is stored."""
    is_shown = _can_be_shown(value.data)
    return audit_pb2.AuditEvent(
        id=str(value.event_id),
        position=value.position,
        type=value.type,
        schema_version=value.schema_version,
        stream_id=value.stream_id,
        version=value.version,
        occurred_at=timestamp(value.occurred_at),
        actor=value.actor,
        correlation_id=str(value.meta.get("correlation_id") or ""),
        data=_struct(value.data) if is_shown else None,
        sealed_fields=sorted(sealed_fields(value.data)) if is_shown else (),
        hash=value.hash.hex(),
        data_omitted=not is_shown,
    )


def _struct(data: Mapping[str, Any]) -> Struct:
    sealed = sealed_fields(data)
    struct = Struct()
    struct.update({name: item for name, item in data.items() if name not in sealed})
    return struct


def _can_be_shown(data: Any) -> bool:
    """Whether it is what an event of ours can be; who writes to the store by hand can put anything there."""
    return isinstance(data, Mapping) and _is_shallow(data, DEEPEST_DATA) and len(orjson.dumps(data)) <= MOST_DATA


def _is_shallow(value: Any, levels: int) -> bool:
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list):
        return True
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in value)


def event_filter(request: audit_service_pb2.ListEventsRequest) -> EventFilter:
    """Map which events are asked for. Raises InvalidRequest."""
    with Checks() as check:
        since = check("since", _moment, request.since) if request.HasField("since") else None
        until = check("until", _moment, request.until) if request.HasField("until") else None
    return EventFilter(
        stream_id=request.stream_id,
        type=request.type,
        actor=request.actor,
        user_id=request.user_id,
        since=since,
        until=until,
    )


def _moment(value: Timestamp) -> datetime:
    try:
        return value.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise Refused("OUT_OF_RANGE", "A time is between the years 1 and 9999.") from None


def verification(value: Verification) -> audit_service_pb2.VerifyEventsResponse:
    """Map what was found of the record."""
    return audit_service_pb2.VerifyEventsResponse(
        valid=value.valid,
        streams=value.streams,
        events=value.events,
        checkpoints=value.checkpoints,
        first_bad=_bad_event(value.first_bad) if value.first_bad is not None else None,
    )


def _bad_event(value: BadEvent) -> audit_service_pb2.BadEvent:
    version = max(-_INT32, min(value.version, _INT32))
    return audit_service_pb2.BadEvent(stream_id=value.stream_id, version=version, fault=value.fault)


def dead_letter(value: DeadLetter) -> audit_pb2.DeadLetter:
    """Map a dead letter."""
    return audit_pb2.DeadLetter(
        id=str(value.id),
        handler=value.handler,
        stream_id=value.stream_id,
        version=value.version,
        event_id=str(value.event_id),
        type=value.type,
        reason=value.reason,
        error=value.error,
        tries=value.tries,
        state=_STATES[value.state],
        created_at=timestamp(value.created_at),
        updated_at=timestamp(value.updated_at),
    )


def states(request: audit_service_pb2.ListDeadLettersRequest) -> Collection[DeadLetterState]:
    """Map in which states dead letters are asked for. Raises InvalidRequest."""
    with Checks() as check:
        return check("state", _states, request.state)


def _states(value: int) -> tuple[DeadLetterState, ...]:
    found = (_STATES_BACK | _ALL).get(value)
    if found is None:
        raise Refused("UNKNOWN_VALUE", "There is no such state.")
    return found
