"""A conversation as it is stored, for administrators."""

from domain.practice.inspecting import Inspection
from domain.practice.inspection import LogFault, OpenStream, ReplyLog
from domain.practice.model import Generation, Turn
from domain.practice.problems import Problem
from fluentpro.v2 import audit_service_pb2 as pb, conversation_pb2
from server.mapping.v2 import conversations
from server.mapping.v2.times import timestamp


def inspection(value: Inspection, *, with_text: bool) -> pb.InspectConversationResponse:
    """Map what was found; what was said is left out unless asked for."""
    history = value.history
    return pb.InspectConversationResponse(
        conversation=conversations.conversation(history.conversation),
        user_id=str(history.conversation.user_id),
        fence=history.conversation.fence,
        turns=[_turn(turn, with_text=with_text) for turn in history.turns],
        generations=[_generation(each, value.logs[each.id]) for each in history.generations],
        connections=map(_connection, value.streams),
        problems=map(_problem, value.problems),
    )


def _turn(value: Turn, *, with_text: bool) -> conversation_pb2.Turn:
    turn = conversations.turn(value)
    if not with_text:
        turn.ClearField("text")
    return turn


def _generation(value: Generation, log: ReplyLog) -> pb.InspectedGeneration:
    return pb.InspectedGeneration(
        generation=conversations.generation(value),
        model=value.model or "",
        lease_until=timestamp(value.lease_until),
        characters=len(value.partial_text),
        last_sequence=value.last_sequence,
        finish_reason=value.finish_reason or "",
        failure_reason=value.failure_reason or "",
        log_entries=len(log.entries),
        log_unavailable=log.fault is LogFault.UNAVAILABLE,
    )


def _connection(value: OpenStream) -> pb.InspectedConnection:
    return pb.InspectedConnection(method=value.method, device=value.device, opened_at=timestamp(value.opened_at))


def _problem(value: Problem) -> pb.InspectedProblem:
    return pb.InspectedProblem(place=value.place, problem=value.problem, recoverable=value.recoverable)
