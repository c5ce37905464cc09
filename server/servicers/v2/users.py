"""UserService."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from adapters.application import IdentityUseCases
from fluentpro.v2 import user_service_pb2 as pb
from fluentpro.v2.user_service_pb2_grpc import UserServiceServicer
from server.answering import answer_once
from server.caller import Context, user_of
from server.mapping.v2 import users
from server.mapping.v2.export import document


class UserServicer(UserServiceServicer):
    """Who the learners are."""

    def __init__(self, identity: IdentityUseCases) -> None:
        self._identity = identity

    async def GetMe(self, request: pb.GetMeRequest, context: Context) -> pb.GetMeResponse:
        """Give the caller's own account."""
        user = await self._identity.get_user(user_of(context))
        return pb.GetMeResponse(user=users.user(user))

    async def UpdateMe(self, request: pb.UpdateMeRequest, context: Context) -> pb.UpdateMeResponse:
        """Change the caller's own account."""
        return await answer_once(
            context,
            lambda user: pb.UpdateMeResponse(user=users.user(user)),
            self._identity.update_profile(user_of(context), users.profile_update(request)),
        )

    async def ExportMe(self, request: pb.ExportMeRequest, context: Context) -> AsyncIterator[pb.ExportMeResponse]:
        """Stream everything that is kept about the caller."""
        async with (
            aclosing(self._identity.export_account(user_of(context))) as rows,
            aclosing(document(rows)) as pieces,
        ):
            async for piece in pieces:
                yield pb.ExportMeResponse(body=HttpBody(content_type="application/json", data=piece))

    async def DeleteMe(self, request: pb.DeleteMeRequest, context: Context) -> pb.DeleteMeResponse:
        """Erase the caller."""
        await self._identity.erase_user(user_of(context), request.etag)
        return pb.DeleteMeResponse()
