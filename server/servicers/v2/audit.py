"""AuditService."""

from adapters.application import AuditUseCases
from fluentpro.v2 import audit_service_pb2 as pb
from fluentpro.v2.audit_service_pb2_grpc import AuditServiceServicer
from server.caller import Context
from server.mapping.v2 import audit
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
