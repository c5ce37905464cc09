"""AuditService."""

from adapters.application import AuditUseCases
from fluentpro.v2 import audit_service_pb2 as pb
from fluentpro.v2.audit_service_pb2_grpc import AuditServiceServicer
from server.caller import Context, user_of
from server.mapping.v2 import audit, inspection
from server.servicers.v2.pages import Listing


class AuditServicer(AuditServiceServicer):
    """What happened, and the proof of it."""

    def __init__(self, use_cases: AuditUseCases) -> None:
        self._do = use_cases

    async def ListEvents(self, request: pb.ListEventsRequest, context: Context) -> pb.ListEventsResponse:
        """List what happened."""
        wanted = audit.event_filter(request)
        listing = Listing.of(request, wanted)
        page = await self._do.list_events(wanted, listing.request)
        return pb.ListEventsResponse(events=map(audit.event, page.items), next_page_token=listing.next_token(page))

    async def VerifyEvents(self, request: pb.VerifyEventsRequest, context: Context) -> pb.VerifyEventsResponse:
        """Check the record."""
        return audit.verification(await self._do.verify_events(request.stream_id or None))

    async def ListDeadLetters(self, request: pb.ListDeadLettersRequest, context: Context) -> pb.ListDeadLettersResponse:
        """List what no handler could handle."""
        states = audit.states(request)
        listing = Listing.of(request, request.state)
        page = await self._do.list_dead_letters(listing.request, states)
        return pb.ListDeadLettersResponse(
            dead_letters=map(audit.dead_letter, page.items), next_page_token=listing.next_token(page)
        )

    async def RetryDeadLetter(self, request: pb.RetryDeadLetterRequest, context: Context) -> pb.RetryDeadLetterResponse:
        """Have an event tried again."""
        letter = await self._do.retry_dead_letter(request.dead_letter_id)
        return pb.RetryDeadLetterResponse(dead_letter=audit.dead_letter(letter))

    async def DiscardDeadLetter(
        self, request: pb.DiscardDeadLetterRequest, context: Context
    ) -> pb.DiscardDeadLetterResponse:
        """Give an event up."""
        letter = await self._do.discard_dead_letter(request.dead_letter_id)
        return pb.DiscardDeadLetterResponse(dead_letter=audit.dead_letter(letter))

    async def InspectConversation(
        self, request: pb.InspectConversationRequest, context: Context
    ) -> pb.InspectConversationResponse:
        """Show a conversation as it is stored."""
        with_text = request.include_text
        found = await self._do.read_conversation(user_of(context), request.conversation_id, include_text=with_text)
        return inspection.inspection(found, with_text=with_text)
