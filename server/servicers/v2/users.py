"""UserService."""

from adapters.application import IdentityUseCases
from fluentpro.v2 import user_service_pb2 as pb
from fluentpro.v2.user_service_pb2_grpc import UserServiceServicer
from server.caller import Context, user_of
from server.mapping.v2 import users


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
        user = await self._identity.update_profile(user_of(context), users.profile_update(request))
        return pb.UpdateMeResponse(user=users.user(user))

    async def DeleteMe(self, request: pb.DeleteMeRequest, context: Context) -> pb.DeleteMeResponse:
        """Erase the caller."""
        await self._identity.erase_user(user_of(context), request.etag)
        return pb.DeleteMeResponse()
